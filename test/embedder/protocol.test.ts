import { describe, expect, it } from 'vitest';

import {
  encodeFrame,
  type Frame,
  FrameReader,
  MAX_BODY_BYTES,
  ProtocolError,
} from '#dist/lib/embedder/frames.js';
import { MAX_MESSAGE_BYTES } from '#dist/lib/embedder/limits.js';
import type { Reply, Request } from '#dist/lib/embedder/messages.js';
import { decodeReply, encodeReply, MAX_DIMENSIONS } from '#dist/lib/embedder/replies.js';
import { decodeRequest, encodeRequest, MAX_TEXT_BYTES } from '#dist/lib/embedder/requests.js';

function read(...chunks: Uint8Array[]): Frame[] {
  const reader = new FrameReader();
  return chunks.flatMap((chunk) =>
    [...reader.read(Buffer.from(chunk))].map((frame) => ({ ...frame, body: Buffer.from(frame.body) })),
  );
}

const only = (bytes: Buffer): Frame => read(bytes)[0]!;

const requests: Request[] = [
  {
    type: 'initialize',
    id: 1,
    initialize: {
      protocolVersion: 1,
      modelPath: '/a b/ü.gguf',
      modelBytes: 4_000_000_000,
      modelMtimeMs: 1.5,
      modelSha256: 'ab',
      runtime: 'direct',
      runtimePath: '/bins',
      lanes: 2,
      tokenLimit: 256,
      dimensions: 256,
      embeddingLength: 384,
      cut: 'layer-norm',
      pooling: 'last',
      normalization: 'none',
      lastToken: '<|endoftext|>',
      sliceTokens: null,
      device: 'cpu',
      cpuLibrary: '',
      heartbeatMs: 1_000,
    },
  },
  { type: 'embed', id: 2, texts: ['', 'ünï', '🙂', 'x'.repeat(60_000)] },
  { type: 'stats', id: 3 },
  { type: 'shutdown', id: 4_294_967_295, graceful: true },
];

const replies: Reply[] = [
  {
    type: 'initialized',
    id: 1,
    initialized: {
      protocolVersion: 1,
      runtime: 'compat',
      backend: 'CPU',
      dimensions: 384,
      trainedTokens: 512,
      tokenLimit: 256,
      lanes: 2,
      vocabularySize: 30_522,
      layers: 6,
      pooling: 'mean',
      modelSha256: 'ab',
    },
  },
  {
    type: 'embedding',
    id: 2,
    index: 9,
    outcome: { kind: 'vector', tokens: 3, vector: Float32Array.of(0.6, -0.8, Math.fround(1e-30)) },
  },
  { type: 'embedding', id: 2, index: 0, outcome: { kind: 'too-long', tokens: 300 } },
  {
    type: 'embedding',
    id: 2,
    index: 1,
    outcome: { kind: 'failed', tokens: 7, message: 'a vector of zeros' },
  },
  { type: 'stats', id: 3, stats: { texts: 1, tokens: 2, contexts: 3 } },
  { type: 'done', id: 4 },
  { type: 'error', id: 5, code: 'MODEL_INVALID', message: 'bad magic' },
  { type: 'heartbeat', id: 0, progress: 12, cpuMs: 3_456 },
];

describe('messages', () => {
  it.each(requests)('carry a request over: $type', (request) => {
    expect(decodeRequest(only(encodeRequest(request)))).toEqual(request);
  });

  it.each(replies)('carry a reply over: $type', (reply) => {
    expect(decodeReply(only(encodeReply(reply)))).toEqual(reply);
  });

  it('arrive the same when they come byte by byte, or all in one chunk', () => {
    const bytes = Buffer.concat(replies.map(encodeReply));
    const whole = read(bytes);
    expect(whole.map(decodeReply)).toEqual(replies);
    expect(read(...Array.from(bytes, (byte) => Buffer.of(byte)))).toEqual(whole);
    expect(read(bytes.subarray(0, 1_001), bytes.subarray(1_001))).toEqual(whole);
  });

  it('hold a vector of the most dimensions and the longest text, and no more', () => {
    const vector = new Float32Array(MAX_DIMENSIONS);
    const reply: Reply = {
      type: 'embedding',
      id: 1,
      index: 0,
      outcome: { kind: 'vector', tokens: 1, vector },
    };
    expect(encodeReply(reply).length).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
    expect(() =>
      encodeReply({
        ...reply,
        outcome: { kind: 'vector', tokens: 1, vector: new Float32Array(MAX_DIMENSIONS + 1) },
      }),
    ).toThrow(ProtocolError);
    expect(encodeRequest({ type: 'embed', id: 1, texts: ['x'.repeat(MAX_TEXT_BYTES)] }).length).toBe(
      MAX_MESSAGE_BYTES,
    );
    expect(() => encodeRequest({ type: 'embed', id: 1, texts: ['x'.repeat(MAX_TEXT_BYTES + 1)] })).toThrow(
      ProtocolError,
    );
  });

  it('hold ten texts and no more', () => {
    expect(() =>
      encodeRequest({ type: 'embed', id: 1, texts: Array.from({ length: 11 }, () => 'x') }),
    ).toThrow('11 texts');
    const eleven = Buffer.concat([
      Buffer.of(11),
      ...Array.from({ length: 11 }, () => Buffer.from([1, 0, 0, 0, 120])),
    ]);
    expect(() => decodeRequest(only(encodeFrame(2, 1, eleven)))).toThrow('11 texts');
  });
});

describe('a broken message is a protocol error that names it', () => {
  it.each([
    ['a length below its header', Buffer.from([4, 0, 0, 0, 1, 1, 1, 1]), 'a message of 4 bytes'],
    [
      'a length over the limit, before anything is allocated',
      Buffer.from([0xff, 0xff, 0xff, 0xff]),
      'a message of 4294967295 bytes',
    ],
  ])('%s', (_, bytes, message) => {
    expect(() => read(bytes)).toThrow(message);
    expect(() => read(bytes)).toThrow(ProtocolError);
  });

  it.each([
    ['an unknown type', 77, Buffer.alloc(0), 'unknown type 77'],
    ['no texts', 2, Buffer.of(0), '0 texts'],
    ['nothing at all', 2, Buffer.alloc(0), '0 texts'],
    ['a text that ends early', 2, Buffer.from([1, 9, 0, 0, 0, 120]), 'ends within a text'],
    ['a length that ends early', 2, Buffer.from([1, 9]), 'ends within a text'],
    ['bytes after the last text', 2, Buffer.from([1, 1, 0, 0, 0, 120, 121]), 'bytes after its last text'],
    ['no JSON', 1, Buffer.from('{'), "message 'initialize' that is not JSON"],
    ['no object', 1, Buffer.from('null'), "message 'initialize' that is no object"],
    ['a missing field', 1, Buffer.from('{"protocolVersion":1}'), "field 'modelPath'"],
    ['a stats request with a body', 3, Buffer.of(1), "message 'stats' with 1 bytes"],
  ])('request with %s', (_, type, body, message) => {
    expect(() => decodeRequest({ type, id: 1, body })).toThrow(message);
    expect(() => decodeRequest({ type, id: 1, body })).toThrow(ProtocolError);
  });

  it.each([
    ['the type of a request', 1, Buffer.alloc(0), 'unknown type 1'],
    ['half an embedding header', 130, Buffer.alloc(5), 'without its header'],
    ['a vector that is cut within a number', 130, Buffer.alloc(6 + 7), 'kind 0 with 7 bytes'],
    ['an unknown kind of outcome', 130, Buffer.from([0, 9, 0, 0, 0, 0]), 'kind 9'],
    [
      'a too-long text with a vector',
      130,
      Buffer.from([0, 1, 0, 0, 0, 0, 1, 2, 3, 4]),
      'kind 1 with 4 bytes',
    ],
    ['an unknown error code', 133, Buffer.from('{"code":"OOPS","message":""}'), "field 'code'"],
    ['a negative count', 131, Buffer.from('{"texts":-1,"tokens":0,"contexts":0}'), "field 'texts'"],
    ['half a heartbeat', 134, Buffer.alloc(4), "message 'heartbeat' with 4 bytes"],
  ])('reply with %s', (_, type, body, message) => {
    expect(() => decodeReply({ type, id: 1, body })).toThrow(message);
    expect(() => decodeReply({ type, id: 1, body })).toThrow(ProtocolError);
  });

  it('random bytes are read or refused, and nothing else happens', () => {
    let seed = 1;
    const random = (): number => (seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff) >> 8;
    for (let round = 0; round < 2_000; round++) {
      const body = Buffer.from(Array.from({ length: random() % 40 }, () => random() & 255));
      const frame = { type: random() % 140, id: 1, body: body.subarray(0, MAX_BODY_BYTES) };
      for (const decode of [decodeRequest, decodeReply]) {
        try {
          decode(frame);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }
    }
  });
});
