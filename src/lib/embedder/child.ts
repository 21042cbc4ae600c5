// The whole program of the embedder process. It speaks the protocol of docs/embedder-protocol.md over fd 3, ends when
// that channel closes, and writes only last words to stderr. Started by spawn-child.ts, never by a person.
import { statSync } from 'node:fs';
import { Socket } from 'node:net';

import { hashFile, sameStamp } from './file-identity.js';
import { FrameReader } from './frames.js';
import { PROTOCOL_VERSION } from './limits.js';
import type { InitializeRequest, Reply, Request } from './messages.js';
import { type ModelHeader, POOLINGS, readModelHeader } from './model-header.js';
import { encodeReply, MAX_DIMENSIONS } from './replies.js';
import { decodeRequest } from './requests.js';
import { ChildError, type Runtime } from './runtime.js';
import { TextEmbedder } from './text-embedder.js';

const MAX_REQUESTS_IN_FLIGHT = 2;

let runtime: Runtime | null = null;
let embedder: TextEmbedder | null = null;
let initializing = false;
let shuttingDown = false;
let embedsInFlight = 0;
let lastWorkDone: (() => void) | null = null;
let progress = 0;
let busy = 0;
let heartbeat: NodeJS.Timeout | null = null;
let heartbeatMs = 1_000;

const channel = new Socket({ fd: 3, readable: true, writable: true });
const reader = new FrameReader();

channel.on('data', (chunk: Buffer) => {
  try {
    for (const frame of reader.read(chunk)) void answer(decodeRequest(frame));
  } catch (error) {
    endWith(error as Error);
  }
});
// Nobody is left to work for. A decode on another thread would hold up an orderly exit for as long as it takes.
channel.on('close', leaveAtOnce);
channel.on('end', leaveAtOnce);
channel.on('error', leaveAtOnce);
// Ctrl-C reaches the whole foreground group: the host decides when to end, and this process ends with its channel.
process.on('SIGINT', () => {});
process.on('SIGHUP', () => {});
process.on('SIGTERM', leaveAtOnce);

async function answer(request: Request): Promise<void> {
  work(1);
  try {
    switch (request.type) {
      case 'initialize':
        await initialize(request.id, request.initialize);
        break;
      case 'embed':
        await embed(request.id, request.texts);
        break;
      case 'stats':
        send({ type: 'stats', id: request.id, stats: ready().stats() });
        break;
      case 'shutdown':
        await shutdown(request.id, request.graceful);
        break;
    }
  } catch (error) {
    const code = error instanceof ChildError ? error.code : 'FAILED';
    send({ type: 'error', id: request.id, code, message: (error as Error).message });
  } finally {
    work(-1);
  }
}

async function initialize(id: number, request: InitializeRequest): Promise<void> {
  if (request.protocolVersion !== PROTOCOL_VERSION) {
    throw new ChildError(
      'PROTOCOL',
      `this child speaks protocol ${PROTOCOL_VERSION}, its host ${request.protocolVersion}`,
    );
  }
  if (initializing) throw new ChildError('PROTOCOL', 'initialize came twice');
  initializing = true;
  heartbeatMs = request.heartbeatMs;
  stopHeartbeat();
  work(0);
  const header = readHeader(request.modelPath);
  runtime = await createRuntime(request, header);
  const { dimensions, embeddingLength } = request;
  if (runtime.dimensions !== embeddingLength || dimensions > embeddingLength || dimensions > MAX_DIMENSIONS) {
    throw new ChildError(
      'MODEL_UNSUITABLE',
      `it gives vectors of ${runtime.dimensions} numbers instead of ${embeddingLength}`,
    );
  }
  const created = new TextEmbedder(runtime, request);
  await created.probe();
  const modelSha256 = await hashOfLoaded(request);
  embedder = created;
  send({
    type: 'initialized',
    id,
    initialized: {
      protocolVersion: PROTOCOL_VERSION,
      runtime: runtime.name,
      backend: runtime.backend,
      dimensions,
      trainedTokens: runtime.trainedTokens,
      tokenLimit: created.tokenLimit,
      lanes: request.lanes,
      vocabularySize: header.vocabularySize,
      layers: header.layers,
      pooling: request.pooling, // where the file says another one, it is loaded with this one
      modelSha256,
    },
  });
}

/** Looked at after it was mapped; read again only where it is not what the host has seen. */
async function hashOfLoaded({ modelPath, modelBytes, modelMtimeMs, modelSha256 }: InitializeRequest) {
  const { size, mtimeMs } = statSync(modelPath);
  const same = sameStamp({ bytes: size, mtimeMs }, { bytes: modelBytes, mtimeMs: modelMtimeMs });
  return same ? modelSha256 : hashFile(modelPath);
}

function readHeader(path: string): ModelHeader {
  try {
    return readModelHeader(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new ChildError(code === 'ENOENT' ? 'MODEL_MISSING' : 'MODEL_INVALID', message, { cause: error });
  }
}

async function createRuntime(request: InitializeRequest, header: ModelHeader): Promise<Runtime> {
  const options = {
    ...request,
    layers: header.layers,
    overrides:
      header.pooling === request.pooling
        ? []
        : ([[`${header.architecture}.pooling_type`, POOLINGS.indexOf(request.pooling)]] as const),
    onProgress: () => void progress++,
  };
  if (request.runtime === 'direct') return (await import('./direct-runtime.js')).createDirectRuntime(options);
  return (await import('./compat-runtime.js')).createCompatRuntime(options);
}

async function embed(id: number, texts: readonly string[]): Promise<void> {
  const current = ready();
  if (embedsInFlight >= MAX_REQUESTS_IN_FLIGHT)
    throw new ChildError('PROTOCOL', 'more requests than may be in flight');
  embedsInFlight++;
  try {
    await current.embed(texts, (index, outcome) => {
      progress++;
      send({ type: 'embedding', id, index, outcome });
    });
  } finally {
    embedsInFlight--;
    if (embedsInFlight === 0) lastWorkDone?.();
  }
}

async function shutdown(id: number, graceful: boolean): Promise<void> {
  shuttingDown = true;
  if (graceful && embedsInFlight > 0) await new Promise<void>((resolve) => (lastWorkDone = resolve));
  if (embedsInFlight === 0) await runtime?.dispose();
  channel.end(encodeReply({ type: 'done', id }), () => process.exit(0));
}

function ready(): TextEmbedder {
  if (shuttingDown) throw new ChildError('PROTOCOL', 'a request after shutdown');
  if (embedder === null) throw new ChildError('PROTOCOL', 'a request before initialize was answered');
  return embedder;
}

/** Heartbeats go out only while there is something to wait for, so that an idle child costs nothing. */
function work(change: number): void {
  busy += change;
  if (busy > 0) heartbeat ??= setInterval(beat, heartbeatMs);
  else stopHeartbeat();
}

function stopHeartbeat(): void {
  if (heartbeat !== null) clearInterval(heartbeat);
  heartbeat = null;
}

function beat(): void {
  const { user, system } = process.cpuUsage();
  send({ type: 'heartbeat', id: 0, progress, cpuMs: Math.round((user + system) / 1_000) });
}

function send(reply: Reply): void {
  if (!channel.destroyed) channel.write(encodeReply(reply));
}

function endWith(error: Error): void {
  process.stderr.write(`${error.name}: ${error.message}\n`);
  channel.end(encodeReply({ type: 'error', id: 0, code: 'PROTOCOL', message: error.message }), () =>
    process.exit(1),
  );
}

function leaveAtOnce(): void {
  if (shuttingDown && embedsInFlight === 0) process.exit(0);
  process.kill(process.pid, 'SIGKILL');
}
