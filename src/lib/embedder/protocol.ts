import { encodeFrame, type Frame, MAX_BODY_BYTES, ProtocolError } from './frames.js';
import { MAX_TEXTS_PER_REQUEST } from './limits.js';
import type {
  ChildErrorCode,
  ChildStats,
  InitializedReply,
  InitializeRequest,
  Outcome,
  Reply,
  Request,
} from './messages.js';

const REQUEST = { initialize: 1, embed: 2, stats: 3, shutdown: 4 } as const;
const REPLY = {
  initialized: 129,
  embedding: 130,
  stats: 131,
  done: 132,
  error: 133,
  heartbeat: 134,
} as const;
const OUTCOME = { vector: 0, 'too-long': 1, failed: 2 } as const;
const ERROR_CODES: readonly ChildErrorCode[] = [
  'RUNTIME_MISSING',
  'MODEL_MISSING',
  'MODEL_INVALID',
  'MODEL_UNSUITABLE',
  'OUT_OF_MEMORY',
  'PROTOCOL',
  'FAILED',
];

const EMBED_HEADER_BYTES = 1;
const TEXT_HEADER_BYTES = 4;
const OUTCOME_HEADER_BYTES = 6;
const MAX_REASON_BYTES = 4 * 1024;

/** The most bytes of UTF-8 that a text alone in a request can have. */
export const MAX_TEXT_BYTES = MAX_BODY_BYTES - EMBED_HEADER_BYTES - TEXT_HEADER_BYTES;

/** The most dimensions that fit one reply. */
export const MAX_DIMENSIONS = Math.floor(
  (MAX_BODY_BYTES - OUTCOME_HEADER_BYTES) / Float32Array.BYTES_PER_ELEMENT,
);

/** Bytes that a text of `bytes` UTF-8 bytes takes of a request that holds up to MAX_BODY_BYTES - 1 of them. */
export function textCost(bytes: number): number {
  return TEXT_HEADER_BYTES + bytes;
}

export const REQUEST_TEXT_BUDGET = MAX_BODY_BYTES - EMBED_HEADER_BYTES;

/** A request as bytes. Throws a ProtocolError where it breaks a limit. */
export function encodeRequest(request: Request): Buffer {
  switch (request.type) {
    case 'initialize':
      return encodeFrame(REQUEST.initialize, request.id, json(request.initialize));
    case 'embed':
      return encodeFrame(REQUEST.embed, request.id, encodeTexts(request.texts));
    case 'stats':
      return encodeFrame(REQUEST.stats, request.id, Buffer.alloc(0));
    case 'shutdown':
      return encodeFrame(REQUEST.shutdown, request.id, Buffer.of(request.graceful ? 1 : 0));
  }
}

/** The request in a frame. Throws a ProtocolError that names the message. */
export function decodeRequest(frame: Frame): Request {
  const { id, body } = frame;
  switch (frame.type) {
    case REQUEST.initialize:
      return { type: 'initialize', id, initialize: initializeRequest(parse(body, 'initialize')) };
    case REQUEST.embed:
      return { type: 'embed', id, texts: decodeTexts(body) };
    case REQUEST.stats:
      expectLength(body, 0, 'stats');
      return { type: 'stats', id };
    case REQUEST.shutdown:
      expectLength(body, 1, 'shutdown');
      return { type: 'shutdown', id, graceful: body[0] === 1 };
    default:
      throw new ProtocolError(`a request of the unknown type ${frame.type}`);
  }
}

/** A reply as bytes. Throws a ProtocolError where it breaks a limit. */
export function encodeReply(reply: Reply): Buffer {
  switch (reply.type) {
    case 'initialized':
      return encodeFrame(REPLY.initialized, reply.id, json(reply.initialized));
    case 'embedding':
      return encodeFrame(REPLY.embedding, reply.id, encodeOutcome(reply.index, reply.outcome));
    case 'stats':
      return encodeFrame(REPLY.stats, reply.id, json(reply.stats));
    case 'done':
      return encodeFrame(REPLY.done, reply.id, Buffer.alloc(0));
    case 'error':
      return encodeFrame(REPLY.error, reply.id, json({ code: reply.code, message: shorten(reply.message) }));
    case 'heartbeat': {
      const body = Buffer.allocUnsafe(8);
      body.writeUInt32LE(reply.progress >>> 0, 0);
      body.writeUInt32LE(reply.cpuMs >>> 0, 4);
      return encodeFrame(REPLY.heartbeat, reply.id, body);
    }
  }
}

/** The reply in a frame; its vector is a copy. Throws a ProtocolError that names the message. */
export function decodeReply(frame: Frame): Reply {
  const { id, body } = frame;
  switch (frame.type) {
    case REPLY.initialized:
      return { type: 'initialized', id, initialized: initializedReply(parse(body, 'initialized')) };
    case REPLY.embedding:
      return decodeOutcome(id, body);
    case REPLY.stats:
      return { type: 'stats', id, stats: childStats(parse(body, 'stats')) };
    case REPLY.done:
      expectLength(body, 0, 'done');
      return { type: 'done', id };
    case REPLY.error: {
      const fields = new Fields(parse(body, 'error'), 'error');
      return {
        type: 'error',
        id,
        code: fields.oneOf('code', ERROR_CODES),
        message: fields.string('message'),
      };
    }
    case REPLY.heartbeat:
      expectLength(body, 8, 'heartbeat');
      return { type: 'heartbeat', id, progress: body.readUInt32LE(0), cpuMs: body.readUInt32LE(4) };
    default:
      throw new ProtocolError(`a reply of the unknown type ${frame.type}`);
  }
}

function encodeTexts(texts: readonly string[]): Buffer {
  if (texts.length < 1 || texts.length > MAX_TEXTS_PER_REQUEST) {
    throw new ProtocolError(
      `an embed request of ${texts.length} texts, ${MAX_TEXTS_PER_REQUEST} are the most`,
    );
  }
  const encoded = texts.map((text) => Buffer.from(text, 'utf8'));
  const body = Buffer.allocUnsafe(
    encoded.reduce((sum, text) => sum + textCost(text.length), EMBED_HEADER_BYTES),
  );
  let offset = body.writeUInt8(texts.length, 0);
  for (const text of encoded) {
    offset = body.writeUInt32LE(text.length, offset);
    offset += text.copy(body, offset);
  }
  return body;
}

function decodeTexts(body: Buffer): string[] {
  const count = body.length > 0 ? body.readUInt8(0) : 0;
  if (count < 1 || count > MAX_TEXTS_PER_REQUEST)
    throw new ProtocolError(`an embed request of ${count} texts`);
  const texts: string[] = [];
  let offset = EMBED_HEADER_BYTES;
  for (let index = 0; index < count; index++) {
    if (offset + TEXT_HEADER_BYTES > body.length)
      throw new ProtocolError('an embed request that ends within a text');
    const length = body.readUInt32LE(offset);
    offset += TEXT_HEADER_BYTES;
    if (offset + length > body.length) throw new ProtocolError('an embed request that ends within a text');
    texts.push(body.toString('utf8', offset, offset + length));
    offset += length;
  }
  if (offset !== body.length) throw new ProtocolError('an embed request with bytes after its last text');
  return texts;
}

function encodeOutcome(index: number, outcome: Outcome): Buffer {
  const payload = outcomePayload(outcome);
  const body = Buffer.allocUnsafe(OUTCOME_HEADER_BYTES + payload.byteLength);
  body.writeUInt8(index, 0);
  body.writeUInt8(OUTCOME[outcome.kind], 1);
  body.writeUInt32LE(outcome.tokens, 2);
  body.set(payload, OUTCOME_HEADER_BYTES);
  return body;
}

function outcomePayload(outcome: Outcome): Uint8Array {
  if (outcome.kind === 'too-long') return new Uint8Array(0);
  if (outcome.kind === 'failed') return Buffer.from(shorten(outcome.message), 'utf8');
  // Every platform with a binding is little-endian, so a Float32Array's own bytes are the wire's.
  return new Uint8Array(outcome.vector.buffer, outcome.vector.byteOffset, outcome.vector.byteLength);
}

function decodeOutcome(id: number, body: Buffer): Reply {
  if (body.length < OUTCOME_HEADER_BYTES) throw new ProtocolError('an embedding reply without its header');
  const index = body.readUInt8(0);
  const kind = body.readUInt8(1);
  const tokens = body.readUInt32LE(2);
  const payload = body.subarray(OUTCOME_HEADER_BYTES);
  if (kind === OUTCOME['too-long'] && payload.length === 0) {
    return { type: 'embedding', id, index, outcome: { kind: 'too-long', tokens } };
  }
  if (kind === OUTCOME.failed) {
    return {
      type: 'embedding',
      id,
      index,
      outcome: { kind: 'failed', tokens, message: payload.toString('utf8') },
    };
  }
  if (kind !== OUTCOME.vector || payload.length % Float32Array.BYTES_PER_ELEMENT !== 0) {
    throw new ProtocolError(`an embedding reply of kind ${kind} with ${payload.length} bytes`);
  }
  const vector = new Float32Array(payload.length / Float32Array.BYTES_PER_ELEMENT);
  new Uint8Array(vector.buffer).set(payload);
  return { type: 'embedding', id, index, outcome: { kind: 'vector', tokens, vector } };
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value), 'utf8');
}

function parse(body: Buffer, name: string): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw new ProtocolError(`a message '${name}' that is not JSON`, { cause: error });
  }
}

function expectLength(body: Buffer, length: number, name: string): void {
  if (body.length !== length)
    throw new ProtocolError(`a message '${name}' with ${body.length} bytes instead of ${length}`);
}

function shorten(message: string): string {
  return message.length > MAX_REASON_BYTES ? `${message.slice(0, MAX_REASON_BYTES)}...` : message;
}

/** Reads the fields of a JSON message; a wrong one is named in the ProtocolError. */
class Fields {
  readonly #values: Record<string, unknown>;
  readonly #message: string;

  constructor(value: unknown, message: string) {
    if (typeof value !== 'object' || value === null)
      throw new ProtocolError(`a message '${message}' that is no object`);
    this.#values = value as Record<string, unknown>;
    this.#message = message;
  }

  string(name: string): string {
    const value = this.#values[name];
    return typeof value === 'string' ? value : this.#wrong(name);
  }

  /** A whole number from `least` up. */
  integer(name: string, least: number): number {
    const value = this.#values[name];
    return Number.isSafeInteger(value) && (value as number) >= least ? (value as number) : this.#wrong(name);
  }

  oneOf<T extends string>(name: string, allowed: readonly T[]): T {
    const value = this.#values[name];
    return allowed.includes(value as T) ? (value as T) : this.#wrong(name);
  }

  #wrong(name: string): never {
    throw new ProtocolError(`a message '${this.#message}' whose field '${name}' is missing or wrong`);
  }
}

function initializeRequest(value: unknown): InitializeRequest {
  const fields = new Fields(value, 'initialize');
  return {
    protocolVersion: fields.integer('protocolVersion', 0),
    modelPath: fields.string('modelPath'),
    runtime: fields.oneOf('runtime', ['direct', 'compat']),
    runtimePath: fields.string('runtimePath'),
    lanes: fields.integer('lanes', 1),
    tokenLimit: fields.integer('tokenLimit', 1),
    dimensions: fields.integer('dimensions', 1),
    normalization: fields.oneOf('normalization', ['none', 'nfd-without-marks']),
    cpuLibrary: fields.string('cpuLibrary'),
    heartbeatMs: fields.integer('heartbeatMs', 1),
  };
}

function initializedReply(value: unknown): InitializedReply {
  const fields = new Fields(value, 'initialized');
  return {
    protocolVersion: fields.integer('protocolVersion', 0),
    runtime: fields.oneOf('runtime', ['direct', 'compat']),
    backend: fields.string('backend'),
    dimensions: fields.integer('dimensions', 1),
    trainedTokens: fields.integer('trainedTokens', 1),
    tokenLimit: fields.integer('tokenLimit', 1),
    lanes: fields.integer('lanes', 1),
  };
}

function childStats(value: unknown): ChildStats {
  const fields = new Fields(value, 'stats');
  return {
    texts: fields.integer('texts', 0),
    tokens: fields.integer('tokens', 0),
    contexts: fields.integer('contexts', 0),
  };
}
