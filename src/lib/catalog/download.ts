import { setTimeout as delay } from 'node:timers/promises';
import { EmbedSearchError } from '../errors.js';
import { type HttpAnswer, type HttpClient, networkError } from './http.js';
import type { PartialFile } from './partial-file.js';

/** Tries that bring nothing new, one after the other, before it is given up. */
const MOST_FAILURES = 5;
const LONGEST_WAIT_MILLISECONDS = 60_000;

const SHA256 = /^"?([0-9a-f]{64})"?$/i;

export interface DownloadOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (bytes: number, totalBytes: number | null) => void;
  /** Wait before the second try of a row; doubled with each. */
  readonly retryMilliseconds: number;
}

/**
 * Fetches what is missing of a file, over as many connections as it takes. Gives the SHA-256 that the server says the
 * file has, where it does. Errors: NETWORK, DOWNLOAD_REFUSED, MODEL_MISSING, NO_SPACE; what was fetched stays.
 */
export async function download(
  client: HttpClient,
  url: URL,
  part: PartialFile,
  options: DownloadOptions,
): Promise<string | undefined> {
  let failures = 0;
  for (;;) {
    const before = part.bytes;
    try {
      const outcome = await attempt(client, url, part, options);
      if (outcome.isWhole) return outcome.sha256;
    } catch (error) {
      if (!(error instanceof TryAgain)) throw error;
      failures = part.bytes > before ? 1 : failures + 1;
      if (failures >= MOST_FAILURES) throw error.cause;
      const wait = error.waitMilliseconds ?? options.retryMilliseconds * 2 ** (failures - 1);
      await delay(Math.min(wait, LONGEST_WAIT_MILLISECONDS), undefined, { signal: options.signal }).catch(
        () => {
          throw options.signal.reason;
        },
      );
    }
  }
}

/** What may be otherwise the next time. */
class TryAgain extends Error {
  override readonly cause: unknown;
  readonly waitMilliseconds: number | undefined;

  constructor(cause: unknown, waitMilliseconds?: number) {
    super('try again');
    this.cause = cause;
    this.waitMilliseconds = waitMilliseconds;
  }
}

interface Outcome {
  /** False where what was there is of another file: it is begun anew. */
  readonly isWhole: boolean;
  readonly sha256?: string | undefined;
}

async function attempt(
  client: HttpClient,
  url: URL,
  part: PartialFile,
  { signal, onProgress }: DownloadOptions,
): Promise<Outcome> {
  const headers = await rangeOf(part, url);
  const answer = await client.get(url, headers, signal).catch((error: unknown) => {
    throw error instanceof EmbedSearchError && error.code === 'NETWORK' ? new TryAgain(error) : error;
  });
  const { status, linked } = answer;
  if (status !== 200 && status !== 206) {
    answer.body.resume();
    if (status !== 416) throw refusal(answer, url);
    // Nothing was asked for but the whole file: to begin anew would be the same request again.
    if (part.bytes === 0) throw new TryAgain(statusError(answer, url));
    await part.restart();
    return { isWhole: false };
  }
  const version = linked.etag ?? strongEtag(answer);
  const from = status === 206 ? rangeStart(answer) : 0;
  if (part.bytes > 0) {
    const known = await part.origin();
    const isSame = from === part.bytes && known?.version === version;
    if (status === 206 && !isSame) {
      answer.body.destroy();
      await part.restart();
      return { isWhole: false };
    }
    if (status === 200) await part.restart();
  }
  const total = totalOf(answer);
  if (total !== null) await part.reserve(total);
  if (version !== undefined) await part.note({ url: url.href, version });
  onProgress(part.bytes, total);
  try {
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      if (part.bytes === 0) refuseWhatIsNoModel(chunk, url);
      await part.append(chunk);
      onProgress(part.bytes, total);
    }
  } catch (error) {
    const known = networkError(error, url, signal);
    throw known instanceof EmbedSearchError && known.code === 'NETWORK' ? new TryAgain(known) : known;
  }
  if (total !== null && part.bytes !== total) {
    const cut = new EmbedSearchError('NETWORK', `${url.host} sent ${part.bytes} of ${total} bytes.`);
    if (part.bytes > total) await part.restart();
    throw new TryAgain(cut);
  }
  return { isWhole: true, sha256: SHA256.exec(linked.etag ?? '')?.[1]?.toLowerCase() };
}

/** Asks for the rest only where the server can tell whether it is the rest of the same file. */
async function rangeOf(part: PartialFile, url: URL): Promise<Record<string, string>> {
  if (part.bytes === 0) return {};
  const origin = await part.origin();
  if (origin === undefined || origin.url !== url.href) {
    await part.restart();
    return {};
  }
  const range = { range: `bytes=${part.bytes}-` };
  // The hub's checksum is compared by us: the host that has the file knows another ETag.
  return SHA256.test(origin.version) ? range : { ...range, 'if-range': origin.version };
}

function strongEtag({ headers }: HttpAnswer): string | undefined {
  const { etag } = headers;
  return etag?.startsWith('"') ? etag : undefined;
}

function rangeStart({ headers }: HttpAnswer): number {
  return Number(/^bytes (\d+)-/.exec(headers['content-range'] ?? '')?.[1] ?? Number.NaN);
}

function totalOf({ status, headers, linked }: HttpAnswer): number | null {
  const stated =
    linked.size ??
    (status === 206 ? /\/(\d+)$/.exec(headers['content-range'] ?? '')?.[1] : headers['content-length']);
  const total = Number(stated ?? Number.NaN);
  return Number.isSafeInteger(total) && total > 0 ? total : null;
}

/** A page that asks to log in comes with status 200 too. */
function refuseWhatIsNoModel(start: Buffer, url: URL): void {
  if (start.subarray(0, 4).equals(Buffer.from('GGUF').subarray(0, start.length))) return;
  throw new EmbedSearchError('DOWNLOAD_REFUSED', `What ${url.host} sends is no GGUF file.`, {
    fix: 'Open the address in a browser: it may ask you to log in, or to accept a licence.',
  });
}

function statusError({ status }: Pick<HttpAnswer, 'status'>, url: URL): EmbedSearchError {
  return new EmbedSearchError('NETWORK', `${url.host} answers with status ${status}.`);
}

function refusal({ status, headers }: HttpAnswer, url: URL): unknown {
  if (status === 429 || status >= 500) {
    const seconds = Number(headers['retry-after']);
    return new TryAgain(statusError({ status }, url), seconds > 0 ? seconds * 1000 : undefined);
  }
  if (status === 404 || status === 410) {
    return new EmbedSearchError('MODEL_MISSING', `${url.host} has no file ${url.pathname}.`, {
      fix: 'Check the name of the repository and of the file.',
    });
  }
  if (status === 401 || status === 403) {
    return new EmbedSearchError(
      'DOWNLOAD_REFUSED',
      `${url.host} does not let us read ${url.pathname} (status ${status}).`,
      {
        fix: 'Accept the model’s licence on its page where it asks for that, and set HF_TOKEN to a token of yours.',
      },
    );
  }
  return new EmbedSearchError('DOWNLOAD_REFUSED', `${url.host} answers with status ${status}.`);
}
