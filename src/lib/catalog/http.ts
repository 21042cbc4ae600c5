import type { Readable } from 'node:stream';
import { EnvHttpProxyAgent, request } from 'undici';
import { EmbedSearchError } from '../errors.js';

const MOST_REDIRECTS = 5;
/** A server that sends nothing for so long, milliseconds, is gone. */
const SILENCE_MILLISECONDS = 60_000;

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** What the first host said of a file that lies elsewhere: Hugging Face names its SHA-256 and size only there. */
  readonly linked: { readonly etag: string | undefined; readonly size: string | undefined };
  readonly body: Readable;
}

export interface HttpClient {
  /** A GET that follows redirects. Errors: NETWORK, DOWNLOAD_REFUSED; an aborted signal rejects with its reason. */
  get(url: URL, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<HttpAnswer>;
  close(): Promise<void>;
}

export interface HttpClientOptions {
  /** Sent to `tokenOrigin` only: never unencrypted where that is https, and never to a host that it redirects to. */
  readonly token: string | undefined;
  /** Scheme, host and port. */
  readonly tokenOrigin: string;
}

/**
 * A client that honours HTTP_PROXY, HTTPS_PROXY and NO_PROXY. undici is loaded with this module, which `model pull` alone
 * imports: no other command opens a socket.
 */
export function createHttpClient({ token, tokenOrigin }: HttpClientOptions): HttpClient {
  const dispatcher = withoutWarnings(
    () => new EnvHttpProxyAgent({ headersTimeout: SILENCE_MILLISECONDS, bodyTimeout: SILENCE_MILLISECONDS }),
  );
  const once = async (url: URL, headers: Readonly<Record<string, string>>, signal: AbortSignal) => {
    const authorization =
      token !== undefined && url.origin === tokenOrigin ? { authorization: `Bearer ${token}` } : {};
    try {
      return await request(url, {
        dispatcher,
        signal,
        headers: {
          'user-agent': 'embed-search',
          'accept-encoding': 'identity',
          ...headers,
          ...authorization,
        },
      });
    } catch (error) {
      throw networkError(error, url, signal);
    }
  };
  return {
    async get(url, headers, signal) {
      let linked: HttpAnswer['linked'] = { etag: undefined, size: undefined };
      for (let hop = 0, here = url; hop <= MOST_REDIRECTS; hop++) {
        const response = await once(here, headers, signal);
        // A connection may end before anybody reads; whoever reads then learns of it.
        response.body.on('error', () => {});
        const fields = single(response.headers);
        linked = {
          etag: linked.etag ?? fields['x-linked-etag'],
          size: linked.size ?? fields['x-linked-size'],
        };
        const { location } = fields;
        if (response.statusCode < 300 || response.statusCode >= 400 || location === undefined) {
          return { status: response.statusCode, headers: fields, linked, body: response.body };
        }
        await response.body.dump();
        here = nextUrl(here, location);
      }
      throw new EmbedSearchError(
        'DOWNLOAD_REFUSED',
        `${url.host} redirects more than ${MOST_REDIRECTS} times.`,
      );
    },
    close: () => dispatcher.destroy(),
  };
}

/** undici 6 tells every user that its reading of the proxy variables is experimental: they can do nothing about it. */
function withoutWarnings<T>(make: () => T): T {
  const before = Object.getOwnPropertyDescriptor(process, 'emitWarning')!;
  Object.defineProperty(process, 'emitWarning', { ...before, value: () => {} });
  try {
    return make();
  } finally {
    Object.defineProperty(process, 'emitWarning', before);
  }
}

/** What went wrong between us and a host; the reason of an aborted signal stays what it is. */
export function networkError(error: unknown, url: URL, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof EmbedSearchError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  return new EmbedSearchError('NETWORK', `${url.host} cannot be reached: ${message || code}.`, {
    cause: error,
  });
}

function nextUrl(from: URL, location: string): URL {
  const to = addressFrom(location, from);
  if (to === undefined) {
    throw new EmbedSearchError('DOWNLOAD_REFUSED', `${from.host} redirects to what is no address.`);
  }
  if (to.protocol !== 'https:' && !(to.protocol === 'http:' && from.protocol === 'http:')) {
    throw new EmbedSearchError(
      'DOWNLOAD_REFUSED',
      `${from.host} redirects to ${to.origin}, which is not encrypted.`,
    );
  }
  return to;
}

function addressFrom(location: string, base: URL): URL | undefined {
  try {
    return new URL(location, base);
  } catch {
    return undefined;
  }
}

function single(headers: Record<string, string | string[] | undefined>): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]),
  );
}
