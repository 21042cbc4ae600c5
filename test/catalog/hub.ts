import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export interface Hub {
  readonly address: string;
  readonly host: string;
  /** What was asked: method, path, and the headers that matter. */
  readonly asked: { readonly url: string; readonly range?: string; readonly authorization?: string }[];
  close(): Promise<void>;
}

/** A server that answers the first request with the first answer, and so on; the last one stays. */
export async function startHub(...answers: Answer[]): Promise<Hub> {
  const asked: Hub['asked'] = [];
  const server: Server = createServer((request, response) => {
    const { range, authorization } = request.headers;
    asked.push({
      url: request.url ?? '',
      ...(range === undefined ? {} : { range }),
      ...(authorization === undefined ? {} : { authorization }),
    });
    answers[Math.min(asked.length, answers.length) - 1]!(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  onTestFinished(close);
  return { address: `http://127.0.0.1:${port}`, host: `127.0.0.1:${port}`, asked, close };
}

export const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** The file as a well-kept server gives it: with its length, an ETag, and ranges. */
export function serve(file: Buffer, headers: Record<string, string> = {}): Answer {
  return (request, response) => {
    const etag = headers['etag'] ?? `"${sha256(file).slice(0, 16)}"`;
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const isSame = [undefined, etag].includes(request.headers['if-range'] as string | undefined);
    if (from > 0 && isSame) {
      if (from >= file.length) return void response.writeHead(416).end();
      response.writeHead(206, {
        etag,
        'content-length': file.length - from,
        'content-range': `bytes ${from}-${file.length - 1}/${file.length}`,
        ...headers,
      });
      response.end(file.subarray(from));
      return;
    }
    response.writeHead(200, { etag, 'content-length': file.length, ...headers });
    response.end(file);
  };
}

/** Says that it sends all, and cuts the connection after `bytes` of what was asked for. */
export function cutAfter(file: Buffer, bytes: number): Answer {
  return (request, response) => {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const etag = `"${sha256(file).slice(0, 16)}"`;
    response.writeHead(from > 0 ? 206 : 200, {
      etag,
      'content-length': file.length - from,
      ...(from > 0 ? { 'content-range': `bytes ${from}-${file.length - 1}/${file.length}` } : {}),
    });
    response.write(file.subarray(from, from + bytes), () => setTimeout(() => response.destroy(), 300));
  };
}

/** Answers with a status and nothing else. */
export function status(code: number, headers: Record<string, string> = {}): Answer {
  return (_request, response) => void response.writeHead(code, headers).end('no');
}

/** Sends a little of the file now and then, and never ends. */
export function drip(file: Buffer): Answer {
  return (_request, response) => {
    response.writeHead(200, { etag: '"drip"', 'content-length': file.length });
    let at = 0;
    const timer = setInterval(() => response.write(file.subarray(at, (at += 64))), 5);
    response.on('close', () => clearInterval(timer));
  };
}
