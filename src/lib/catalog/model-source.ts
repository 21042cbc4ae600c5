import { EmbedSearchError } from '../errors.js';
import { profileByName } from '../models/profiles.js';

/** Where a model file is fetched from, and what it is called here. */
export interface ModelSource {
  readonly url: URL;
  readonly fileName: string;
}

const HUB = 'https://huggingface.co';

/**
 * What a user means by NAME, hf:OWNER/REPOSITORY[@REVISION]/FILE or an address. `endpoint` is HF_ENDPOINT.
 * Errors: USAGE for what is none of these, MODEL_MISSING for a name of which no file is known.
 */
export function modelSource(asked: string, endpoint: string | undefined): ModelSource {
  const hub = endpointOf(endpoint);
  if (/^https?:\/\//i.test(asked)) return sourceOfUrl(parseUrl(asked));
  if (asked.startsWith('hf:')) return sourceOfHub(hub, asked.slice('hf:'.length));
  const profile = profileByName(asked);
  if (profile?.download) {
    const { repository, file } = profile.download;
    return sourceOfHub(hub, `${repository}/${file}`);
  }
  const known = profile
    ? `No GGUF of ${profile.name} is known here.`
    : `There is no model ${JSON.stringify(asked)} among those that are known here.`;
  throw new EmbedSearchError('MODEL_MISSING', known, {
    fix: 'Say where it is: hf:OWNER/REPOSITORY/FILE.gguf or an address. `embed-search model list --known` shows what is known.',
  });
}

/** The hub's address; also decides which origin may see HF_TOKEN. */
export function endpointOf(endpoint: string | undefined): URL {
  return parseUrl(endpoint || HUB);
}

function sourceOfHub(hub: URL, rest: string): ModelSource {
  const match = /^([\w.-]+)\/([\w.-]+?)(?:@([\w.-]+))?\/((?:[\w.+-]+\/)*[\w.+-]+)$/.exec(rest);
  if (match === null || rest.split('/').some((part) => /^\.+$/.test(part))) {
    throw new EmbedSearchError('USAGE', `hf:${rest} names no file of a repository.`, {
      fix: 'For example: hf:nomic-ai/nomic-embed-text-v1.5-GGUF/nomic-embed-text-v1.5.Q8_0.gguf',
    });
  }
  const [, owner, repository, revision = 'main', file] = match;
  const base = hub.href.replace(/\/$/, '');
  return sourceOfUrl(new URL(`${base}/${owner}/${repository}/resolve/${revision}/${file}`));
}

function sourceOfUrl(url: URL): ModelSource {
  const fileName = decoded(url.pathname.split('/').at(-1) ?? '');
  if (fileName === undefined || !/^\w[\w.+-]*\.gguf$/i.test(fileName)) {
    throw new EmbedSearchError('USAGE', `${url.origin}${url.pathname} names no GGUF file.`, {
      fix: 'The address has to end with the name of a file: .../NAME.gguf',
    });
  }
  return { url, fileName };
}

/** Undefined where a % begins no character. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function parseUrl(text: string): URL {
  try {
    const url = new URL(text);
    if (url.protocol === 'https:' || url.protocol === 'http:') return url;
  } catch {
    // said below
  }
  throw new EmbedSearchError('USAGE', `${JSON.stringify(text)} is no http or https address.`);
}
