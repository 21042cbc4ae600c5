import { encodeFrame, type Frame, MAX_BODY_BYTES, ProtocolError } from './frames.js';
import { expectLength, Fields, json, parse } from './message-body.js';
import type { ChildErrorCode, ChildStats, InitializedReply, Outcome, Reply } from './messages.js';

const TYPE = {
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

const OUTCOME_HEADER_BYTES = 6;
const MAX_REASON_BYTES = 4 * 1024;

/** The most dimensions that fit one reply. */
export const MAX_DIMENSIONS = Math.floor(
  (MAX_BODY_BYTES - OUTCOME_HEADER_BYTES) / Float32Array.BYTES_PER_ELEMENT,
);

/** A reply as bytes. Throws a ProtocolError where it breaks a limit. */
export function encodeReply(reply: Reply): Buffer {
  switch (reply.type) {
    case 'initialized':
      return encodeFrame(TYPE.initialized, reply.id, json(reply.initialized));
    case 'embedding':
      return encodeFrame(TYPE.embedding, reply.id, encodeOutcome(reply.index, reply.outcome));
    case 'stats':
      return encodeFrame(TYPE.stats, reply.id, json(reply.stats));
    case 'done':
      return encodeFrame(TYPE.done, reply.id, Buffer.alloc(0));
    case 'error':
      return encodeFrame(TYPE.error, reply.id, json({ code: reply.code, message: shorten(reply.message) }));
    case 'heartbeat': {
      const body = Buffer.allocUnsafe(8);
      body.writeUInt32LE(reply.progress >>> 0, 0);
      body.writeUInt32LE(reply.cpuMs >>> 0, 4);
      return encodeFrame(TYPE.heartbeat, reply.id, body);
    }
  }
}

/** The reply in a frame; its vector is a copy. Throws a ProtocolError that names the message. */
export function decodeReply(frame: Frame): Reply {
  const { id, body } = frame;
  switch (frame.type) {
    case TYPE.initialized:
      return { type: 'initialized', id, initialized: initializedReply(parse(body, 'initialized')) };
    case TYPE.embedding:
      return decodeOutcome(id, body);
    case TYPE.stats:
      return { type: 'stats', id, stats: childStats(parse(body, 'stats')) };
    case TYPE.done:
      expectLength(body, 0, 'done');
      return { type: 'done', id };
    case TYPE.error: {
      const fields = new Fields(parse(body, 'error'), 'error');
      return {
        type: 'error',
        id,
        code: fields.oneOf('code', ERROR_CODES),
        message: fields.string('message'),
      };
    }
    case TYPE.heartbeat:
      expectLength(body, 8, 'heartbeat');
      return { type: 'heartbeat', id, progress: body.readUInt32LE(0), cpuMs: body.readUInt32LE(4) };
    default:
      throw new ProtocolError(`a reply of the unknown type ${frame.type}`);
  }
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

function shorten(message: string): string {
  return message.length > MAX_REASON_BYTES ? `${message.slice(0, MAX_REASON_BYTES)}...` : message;
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
    vocabularySize: fields.orNull('vocabularySize', () => fields.integer('vocabularySize', 1)),
    layers: fields.orNull('layers', () => fields.integer('layers', 1)),
    pooling: fields.string('pooling'),
    modelSha256: fields.string('modelSha256'),
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
