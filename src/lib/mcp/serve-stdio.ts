import { serveStdio as serve } from '@modelcontextprotocol/server/stdio';
import type { Readable, Writable } from 'node:stream';
import { mcpServer } from './server.js';
import { StdioTransport } from './stdio-transport.js';
import type { Workspace } from './workspace.js';

export interface StdioStreams {
  readonly input: Readable;
  readonly output: Writable;
}

/** Serves one client over the streams of a process, until it has gone or the signal says so. */
export async function serveStdio(
  workspace: Workspace,
  { input, output }: StdioStreams,
  options: { readonly signal: AbortSignal; readonly onBug: (error: unknown) => void },
): Promise<void> {
  const { signal, onBug } = options;
  const transport = new StdioTransport(input, output);
  const connection = { isExclusive: true, drained: () => transport.drained(), onBug };
  const handle = serve(() => mcpServer(workspace, connection), { transport });
  const stop = () => void handle.close();
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  await transport.closed;
  signal.removeEventListener('abort', stop);
}
