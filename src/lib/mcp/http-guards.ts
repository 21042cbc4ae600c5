import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Why a request is refused, before anything of it is read. */
export interface Refusal {
  readonly status: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One protection of the HTTP server. */
export interface HttpGuard {
  readonly name: string;
  readonly refuses: (request: IncomingMessage, settings: GuardSettings) => Refusal | undefined;
}

export interface GuardSettings {
  readonly token: string;
}

export const ENDPOINT = '/mcp';
/** Word for word: no other spelling of the address, which another program might read in another way. */
const LOCAL = String.raw`(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?`;
const LOCAL_HOST = new RegExp(`^${LOCAL}$`, 'i');
const LOCAL_ORIGIN = new RegExp(`^https?://${LOCAL}$`, 'i');

/** A page whose name was made to lead to this machine (DNS rebinding) says its own name here. */
const host: HttpGuard = {
  name: 'host',
  refuses: ({ headers }) =>
    LOCAL_HOST.test(headers.host ?? '')
      ? undefined
      : { status: 403, message: 'This server answers to 127.0.0.1 and localhost only.' },
};

/** Browsers say which page asks; other clients say nothing. */
const origin: HttpGuard = {
  name: 'origin',
  refuses: ({ headers }) =>
    headers.origin === undefined || LOCAL_ORIGIN.test(headers.origin)
      ? undefined
      : { status: 403, message: 'This server answers no pages of other origins.' },
};

/** Other users of this machine can reach the port, but do not know the token. */
const token: HttpGuard = {
  name: 'token',
  refuses: ({ headers }, settings) => {
    const [, given] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
    if (given !== undefined && isSame(given, settings.token)) return undefined;
    return {
      status: 401,
      message: 'The bearer token is missing or wrong.',
      headers: { 'WWW-Authenticate': 'Bearer realm="embed-search"' },
    };
  },
};

const endpoint: HttpGuard = {
  name: 'endpoint',
  refuses: ({ url }) =>
    url?.split('?')[0] === ENDPOINT ? undefined : { status: 404, message: `The server is at ${ENDPOINT}.` },
};

/** In this order: who has no business here learns nothing of the rest. */
export const HTTP_GUARDS: readonly HttpGuard[] = [host, origin, token, endpoint];

/** In a time that does not tell how much of it was right. */
function isSame(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}
