import { once } from 'node:events';

import { afterEach, describe, expect, it } from 'vitest';

import { encodeFrame, FrameReader } from '#dist/lib/embedder/frames.js';
import { PROTOCOL_VERSION } from '#dist/lib/embedder/limits.js';
import { locateRuntime } from '#dist/lib/embedder/locate-runtime.js';
import type { InitializeRequest, Reply, Request } from '#dist/lib/embedder/messages.js';
import { decodeReply } from '#dist/lib/embedder/replies.js';
import { encodeRequest } from '#dist/lib/embedder/requests.js';
import { CHILD_PROGRAM, type SpawnedChild, spawnChild } from '#dist/lib/embedder/spawn-child.js';

import { shippedModel } from './models.js';

const model = shippedModel();
const initialize: InitializeRequest = {
  protocolVersion: PROTOCOL_VERSION,
  modelPath: model.path,
  modelBytes: model.bytes,
  modelMtimeMs: model.mtimeMs,
  modelSha256: model.sha256,
  runtime: 'direct',
  runtimePath: locateRuntime('direct').path,
  lanes: 1,
  tokenLimit: 256,
  dimensions: 384,
  embeddingLength: 384,
  cut: 'plain',
  pooling: 'mean',
  lastToken: '',
  sliceTokens: null,
  device: 'cpu',
  normalization: 'none',
  cpuLibrary: '',
  heartbeatMs: 1_000,
};

const children: SpawnedChild[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.process.kill('SIGKILL');
});

/** The real child, spoken to by hand: replies come in the order in which they arrive, heartbeats left out. */
function spokenTo() {
  const child = spawnChild(CHILD_PROGRAM, 1);
  children.push(child);
  const reader = new FrameReader();
  const replies: Reply[] = [];
  child.channel.on('data', (chunk: Buffer) => {
    for (const frame of reader.read(chunk)) {
      const reply = decodeReply(frame);
      if (reply.type !== 'heartbeat') replies.push(reply);
    }
  });
  child.channel.on('error', () => {}); // it may be gone before it has read everything
  return {
    process: child.process,
    replies,
    send: (...requests: Request[]) => child.channel.write(Buffer.concat(requests.map(encodeRequest))),
    write: (bytes: Buffer) => child.channel.write(bytes),
    reply: async (index: number) => {
      await expect.poll(() => replies.length, { timeout: 20_000, interval: 5 }).toBeGreaterThan(index);
      return replies[index]!;
    },
  };
}

const hello = (id = 1): Request => ({ type: 'initialize', id, initialize });
const embed = (id: number, count = 1): Request => ({
  type: 'embed',
  id,
  texts: Array.from({ length: count }, (_, index) => `${index} ${'some words to think about '.repeat(30)}`),
});

describe('the embedder, spoken to by hand', () => {
  it('refuses a host of another version of the protocol', async () => {
    const child = spokenTo();
    child.send({ ...hello(), initialize: { ...initialize, protocolVersion: 99 } } as Request);
    expect(await child.reply(0)).toMatchObject({
      type: 'error',
      code: 'PROTOCOL',
      message: expect.stringContaining('its host 99'),
    });
  });

  it('answers what comes out of order with an error, and works on', async () => {
    const child = spokenTo();
    child.send(embed(7), { type: 'stats', id: 8 });
    await child.reply(1);
    for (const id of [7, 8])
      expect(child.replies.find((reply) => reply.id === id)).toMatchObject({
        type: 'error',
        code: 'PROTOCOL',
      });
    child.send(hello(9), hello(10));
    expect(await child.reply(2)).toMatchObject({ type: 'error', id: 10, message: 'initialize came twice' });
    expect(await child.reply(3)).toMatchObject({
      type: 'initialized',
      initialized: { vocabularySize: 30_522, layers: 6, pooling: 'mean', modelSha256: model.sha256 },
    });
    child.send(embed(11), embed(12), embed(13));
    expect(await child.reply(4)).toMatchObject({ type: 'error', id: 13, code: 'PROTOCOL' });
    expect([(await child.reply(5)).id, (await child.reply(6)).id].toSorted((a, b) => a - b)).toEqual([
      11, 12,
    ]);
  });

  it('finishes what is in flight before a graceful shutdown, and takes nothing more', async () => {
    const child = spokenTo();
    child.send(hello());
    await child.reply(0);
    child.send(embed(2, 10), { type: 'shutdown', id: 3, graceful: true }, embed(4));
    const [code] = (await once(child.process, 'exit')) as [number];
    expect(code).toBe(0);
    expect(child.replies.filter(({ type }) => type === 'embedding')).toHaveLength(10);
    expect(child.replies.find(({ id }) => id === 4)).toMatchObject({ type: 'error', code: 'PROTOCOL' });
    expect(child.replies.at(-1)).toEqual({ type: 'done', id: 3 });
  });

  it('leaves in the middle of a batch when it is not to be graceful', async () => {
    const child = spokenTo();
    child.send(hello());
    await child.reply(0);
    child.send(embed(2, 10), { type: 'shutdown', id: 3, graceful: false });
    await once(child.process, 'exit');
    expect(child.replies.filter(({ type }) => type === 'embedding').length).toBeLessThan(10);
    expect(child.replies.at(-1)).toEqual({ type: 'done', id: 3 });
  });

  it.each([
    ['an unknown type', encodeFrame(99, 1, Buffer.alloc(0)), 'unknown type 99'],
    ['eleven texts', encodeFrame(2, 1, Buffer.of(11, 1, 0, 0, 0, 120)), '11 texts'],
    ['a length over the limit', Buffer.from([0xff, 0xff, 0xff, 0x7f, 2]), 'a message of 2147483647 bytes'],
  ])('ends over %s, and says so', async (_, bytes, why) => {
    const child = spokenTo();
    child.write(bytes);
    const [code] = (await once(child.process, 'exit')) as [number];
    expect(code).toBe(1);
    expect(child.replies.at(-1)).toMatchObject({
      type: 'error',
      id: 0,
      message: expect.stringContaining(why),
    });
  });
});
