import { encodeFrame, type Frame, MAX_BODY_BYTES, ProtocolError } from './frames.js';
import { MAX_TEXTS_PER_REQUEST } from './limits.js';
import { expectLength, Fields, json, parse } from './message-body.js';
import type { InitializeRequest, Request } from './messages.js';

const TYPE = { initialize: 1, embed: 2, stats: 3, shutdown: 4 } as const;

const EMBED_HEADER_BYTES = 1;
const TEXT_HEADER_BYTES = 4;

/** The most bytes of UTF-8 that a text alone in a request can have. */
export const MAX_TEXT_BYTES = MAX_BODY_BYTES - EMBED_HEADER_BYTES - TEXT_HEADER_BYTES;

/** What the texts of one request may cost together: see textCost. */
export const REQUEST_TEXT_BUDGET = MAX_BODY_BYTES - EMBED_HEADER_BYTES;

/** Bytes that a text of `bytes` UTF-8 bytes takes of REQUEST_TEXT_BUDGET. */
export function textCost(bytes: number): number {
  return TEXT_HEADER_BYTES + bytes;
}

/** A request as bytes. Throws a ProtocolError where it breaks a limit. */
export function encodeRequest(request: Request): Buffer {
  switch (request.type) {
    case 'initialize':
      return encodeFrame(TYPE.initialize, request.id, json(request.initialize));
    case 'embed':
      return encodeFrame(TYPE.embed, request.id, encodeTexts(request.texts));
    case 'stats':
      return encodeFrame(TYPE.stats, request.id, Buffer.alloc(0));
    case 'shutdown':
      return encodeFrame(TYPE.shutdown, request.id, Buffer.of(request.graceful ? 1 : 0));
  }
}

/** The request in a frame. Throws a ProtocolError that names the message. */
export function decodeRequest(frame: Frame): Request {
  const { id, body } = frame;
  switch (frame.type) {
    case TYPE.initialize:
      return { type: 'initialize', id, initialize: initializeRequest(parse(body, 'initialize')) };
    case TYPE.embed:
      return { type: 'embed', id, texts: decodeTexts(body) };
    case TYPE.stats:
      expectLength(body, 0, 'stats');
      return { type: 'stats', id };
    case TYPE.shutdown:
      expectLength(body, 1, 'shutdown');
      return { type: 'shutdown', id, graceful: body[0] === 1 };
    default:
      throw new ProtocolError(`a request of the unknown type ${frame.type}`);
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

function initializeRequest(value: unknown): InitializeRequest {
  const fields = new Fields(value, 'initialize');
  return {
    protocolVersion: fields.integer('protocolVersion', 0),
    modelPath: fields.string('modelPath'),
    modelBytes: fields.integer('modelBytes', 0),
    modelMtimeMs: fields.number('modelMtimeMs'),
    modelSha256: fields.string('modelSha256'),
    runtime: fields.oneOf('runtime', ['direct', 'compat']),
    runtimePath: fields.string('runtimePath'),
    lanes: fields.integer('lanes', 1),
    tokenLimit: fields.integer('tokenLimit', 1),
    dimensions: fields.integer('dimensions', 1),
    embeddingLength: fields.integer('embeddingLength', 1),
    cut: fields.oneOf('cut', ['plain', 'layer-norm']),
    pooling: fields.oneOf('pooling', ['mean', 'cls', 'last']),
    normalization: fields.oneOf('normalization', ['none', 'nfd-without-marks']),
    lastToken: fields.string('lastToken'),
    sliceTokens: fields.orNull('sliceTokens', () => fields.integer('sliceTokens', 1)),
    device: fields.oneOf('device', ['cpu', 'gpu']),
    cpuLibrary: fields.string('cpuLibrary'),
    heartbeatMs: fields.integer('heartbeatMs', 1),
  };
}
