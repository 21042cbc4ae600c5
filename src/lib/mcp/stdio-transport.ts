import { type JSONRPCMessage, parseJSONRPCMessage, type Transport } from '@modelcontextprotocol/server';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { LIMITS } from './limits.js';
import { LineReader } from './line-reader.js';

const PARSE_ERROR = -32700;
const INVALID_REQUEST = -32600;
/** After the end of its input a client still gets the answers that are done within this, milliseconds. */
const LAST_ANSWERS_MILLISECONDS = 1_000;

/**
 * JSON-RPC, a message a line, over the streams of a process. Unlike the SDK's own: what is no message gets an answer,
 * one that is too large is not kept, and what a client does not read is bounded.
 */
export class StdioTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;
  /** Settles with the connection. */
  readonly closed: Promise<void>;
  readonly #input: Readable;
  readonly #output: Writable;
  readonly #lines = new LineReader(LIMITS.messageBytes);
  readonly #unanswered = new Set<string | number>();
  #noteClosed!: () => void;
  #isClosed = false;
  #last: NodeJS.Timeout | undefined;

  constructor(input: Readable, output: Writable) {
    this.#input = input;
    this.#output = output;
    this.closed = new Promise((resolve) => (this.#noteClosed = resolve));
  }

  async start(): Promise<void> {
    this.#output.on('error', () => void this.close());
    this.#input.on('error', () => void this.close());
    this.#input.on('end', () => this.#noMoreInput());
    this.#input.on('close', () => this.#noMoreInput());
    this.#input.on('data', (bytes: Buffer) => {
      for (const line of this.#lines.take(bytes)) this.#take(line);
    });
  }

  async send(message: JSONRPCMessage): Promise<void> {
    if ('id' in message && !('method' in message) && message.id !== undefined)
      this.#unanswered.delete(message.id);
    this.#write(message);
    if (this.#last !== undefined && this.#unanswered.size === 0) await this.#closeWhenWritten();
  }

  /** Settles when what waits to be read is little enough for another call. */
  async drained(): Promise<void> {
    while (!this.#isClosed && this.#output.writableLength > LIMITS.unreadBytes) {
      await once(this.#output, 'drain').catch(() => {});
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#last);
    this.#input.destroy();
    this.onclose?.();
    this.#noteClosed();
  }

  #take(line: string | null): void {
    if (this.#isClosed) return;
    if (line === null) {
      return this.#refuse(INVALID_REQUEST, `A message has ${LIMITS.messageBytes} bytes at most.`);
    }
    if (line.trim() === '') return;
    let parsed: unknown;
    try {
      parsed = JSON.parse(line);
    } catch {
      return this.#refuse(PARSE_ERROR, 'This is no JSON.');
    }
    let message: JSONRPCMessage;
    try {
      message = parseJSONRPCMessage(parsed);
    } catch {
      return this.#refuse(INVALID_REQUEST, 'This is no JSON-RPC message.', idOf(parsed));
    }
    if ('method' in message && 'id' in message) this.#unanswered.add(message.id);
    else if ('method' in message && message.method === 'notifications/cancelled') {
      this.#unanswered.delete(
        (message.params as { requestId?: string | number } | undefined)?.requestId ?? '',
      );
    }
    this.onmessage?.(message);
  }

  /** What stands for the id of a request that could not be read is null, which the SDK's type does not have. */
  #refuse(code: number, message: string, id: string | number | null = null): void {
    this.#write({ jsonrpc: '2.0', id, error: { code, message } });
  }

  #write(message: unknown): void {
    if (this.#isClosed) return;
    this.#output.write(`${JSON.stringify(message)}\n`);
    if (this.#output.writableLength > LIMITS.unreadBytesAtTheEnd) {
      this.onerror?.(new Error('The client does not read its answers.'));
      void this.close();
    }
  }

  #noMoreInput(): void {
    if (this.#isClosed || this.#last !== undefined) return;
    this.#last = setTimeout(() => void this.close(), LAST_ANSWERS_MILLISECONDS);
    if (this.#unanswered.size === 0) void this.#closeWhenWritten();
  }

  async #closeWhenWritten(): Promise<void> {
    if (this.#output.writableNeedDrain) await once(this.#output, 'drain').catch(() => {});
    await this.close();
  }
}

function idOf(message: unknown): string | number | null {
  const id = (message as { id?: unknown } | null)?.id;
  return typeof id === 'string' || typeof id === 'number' ? id : null;
}
