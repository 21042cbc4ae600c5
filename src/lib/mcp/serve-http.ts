import { createMcpHandler } from '@modelcontextprotocol/server';
import { type NodeIncomingMessageLike, toNodeHandler } from '@modelcontextprotocol/node';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EmbedSearchError } from '../errors.js';
import { ENDPOINT, HTTP_GUARDS, type HttpGuard, type Refusal } from './http-guards.js';
import { LIMITS } from './limits.js';
import { mcpServer } from './server.js';
import type { Workspace } from './workspace.js';

const LOOPBACK = '127.0.0.1';
/** How long requests that are being answered may take when the server stops, milliseconds. */
const LAST_ANSWERS_MILLISECONDS = 500;

export interface HttpOptions {
  /** 0 takes any that is free. */
  readonly port: number;
  readonly token: string;
  readonly onBug: (error: unknown) => void;
  readonly guards?: readonly HttpGuard[];
}

export interface HttpHandle {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves any number of clients over streamable HTTP, without sessions: each request stands for itself. Listens on this
 * machine only. Errors: MACHINE when the port is taken.
 */
export async function serveHttp(workspace: Workspace, options: HttpOptions): Promise<HttpHandle> {
  const { port, token, onBug, guards = HTTP_GUARDS } = options;
  const connection = { isExclusive: false, drained: async () => {}, onBug };
  const handler = createMcpHandler(() => mcpServer(workspace, connection), {
    maxRequestBodySize: LIMITS.messageBytes,
  });
  const answer = toNodeHandler(handler, { onerror: onBug, maxRequestBodySize: LIMITS.messageBytes });
  const server = createHttpServer(
    {
      requestTimeout: LIMITS.requestMilliseconds,
      headersTimeout: LIMITS.requestMilliseconds,
      // A short one closes connections just when a busy client uses them again.
      keepAliveTimeout: LIMITS.keepAliveMilliseconds,
    },
    (request, response) => {
      for (const { refuses } of guards) {
        const refusal = refuses(request, { token });
        if (refusal !== undefined) return refuse(request, response, refusal);
      }
      response.on('error', () => {});
      // Node's type has `undefined` where the adapter's has nothing.
      answer(request as NodeIncomingMessageLike, response).catch(onBug);
    },
  );
  server.maxConnections = LIMITS.connections;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(notListening(port, error)));
    server.listen(port, LOOPBACK, resolve);
  });
  return {
    url: `http://${LOOPBACK}:${(server.address() as AddressInfo).port}${ENDPOINT}`,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      await handler.close();
      server.closeIdleConnections();
      setTimeout(() => server.closeAllConnections(), LAST_ANSWERS_MILLISECONDS).unref();
      await closed;
    },
  };
}

function refuse(request: IncomingMessage, response: ServerResponse, refusal: Refusal): void {
  const { status, message, headers } = refusal;
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
  response.end(JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: -32000, message } }));
  request.resume();
}

function notListening(port: number, error: Error): EmbedSearchError {
  return new EmbedSearchError('MACHINE', `Cannot listen on port ${port}: ${error.message}`, {
    fix: 'Name another port: serve-mcp --http PORT; 0 takes any that is free.',
    cause: error,
  });
}
