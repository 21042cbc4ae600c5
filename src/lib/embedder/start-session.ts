import { EmbedSearchError, type ErrorCode } from '../errors.js';
import { leanCpuLibrary, thisProcessor } from './cpu-backend.js';
import { defaultMemoryLimit } from './expected-memory.js';
import { ProtocolError } from './frames.js';
import { PROTOCOL_VERSION, type SupervisionLimits } from './limits.js';
import type { Devices } from './devices.js';
import type { ChildErrorCode, InitializedReply } from './messages.js';
import { modelChanged, type ModelFile } from './model-file.js';
import { ChildRefusal } from './open-requests.js';
import { Session } from './session.js';
import { sliceTokens } from './slices.js';
import { CHILD_PROGRAM } from './spawn-child.js';
import type { EmbedderModel } from './types.js';

/** How an embedder is to run; what a user does not set has its default here. */
export interface EmbedderSettings {
  readonly model: EmbedderModel;
  readonly devices: Devices;
  readonly lanes: number;
  readonly lean: boolean;
  readonly maxMemoryBytes: number | null;
  readonly limits: SupervisionLimits;
  /** Another program than our own child: for tests. */
  readonly childProgram?: string;
}

export interface StartedSession {
  readonly session: Session;
  readonly initialized: InitializedReply;
  /** The child's own memory over which it is recycled. */
  readonly memoryLimitBytes: number;
  readonly startMilliseconds: number;
}

/**
 * Starts a child and has it load the model. `onSpawn` gets the session before it is ready, so that it can be ended; what it throws ends it.
 * Rejects with an EmbedSearchError where another try would not help, with SessionEnded where the child died.
 */
export async function startSession(
  settings: EmbedderSettings,
  modelFile: ModelFile,
  lanes: number,
  onSpawn: (session: Session) => void,
): Promise<StartedSession> {
  const { model, limits } = settings;
  const location = settings.devices.current();
  const stamp = await modelFile.check();
  const started = performance.now();
  const session = new Session(settings.childProgram ?? CHILD_PROGRAM, lanes, limits);
  try {
    onSpawn(session);
    const initialized = await session.initialize({
      protocolVersion: PROTOCOL_VERSION,
      modelPath: model.path,
      modelBytes: stamp.bytes,
      modelMtimeMs: stamp.mtimeMs,
      modelSha256: model.sha256,
      runtime: location.runtime,
      runtimePath: location.path,
      lanes,
      tokenLimit: model.tokenLimit,
      dimensions: model.dimensions,
      embeddingLength: model.embeddingLength ?? model.dimensions,
      cut: model.cut ?? 'plain',
      pooling: model.pooling,
      lastToken: model.lastToken ?? '',
      sliceTokens: sliceTokens(model, settings.lean),
      device: location.device,
      normalization: model.normalization,
      cpuLibrary:
        settings.lean && location.runtime === 'direct' && location.device === 'cpu'
          ? leanCpuLibrary(thisProcessor(), model.weightTypes ?? [])
          : '',
      heartbeatMs: limits.heartbeatMs,
    });
    const { protocolVersion, dimensions, pooling } = initialized;
    if (
      protocolVersion !== PROTOCOL_VERSION ||
      dimensions !== model.dimensions ||
      pooling !== model.pooling
    ) {
      throw new ProtocolError(`protocol ${protocolVersion}, ${dimensions} dimensions and ${pooling} pooling`);
    }
    if (initialized.modelSha256 !== model.sha256) throw modelChanged(model.path);
    const memoryLimitBytes =
      settings.maxMemoryBytes ?? defaultMemoryLimit({ ...initialized, modelBytes: model.bytes });
    return { session, initialized, memoryLimitBytes, startMilliseconds: performance.now() - started };
  } catch (error) {
    await session.close();
    if (settings.devices.giveUp(location, error)) return startSession(settings, modelFile, lanes, onSpawn);
    if (error instanceof ChildRefusal) throw refusalError(error, model);
    if (error instanceof ProtocolError)
      throw new EmbedSearchError('EMBEDDER_PROTOCOL', `The embedder answered with ${error.message}.`);
    throw error;
  }
}

const REFUSALS: Record<ChildErrorCode, { code: ErrorCode; say: (model: string, message: string) => string }> =
  {
    RUNTIME_MISSING: {
      code: 'RUNTIME_MISSING',
      say: (_, message) => `The llama.cpp runtime cannot be used: ${message}.`,
    },
    MODEL_MISSING: {
      code: 'MODEL_MISSING',
      say: (model, message) => `The model file ${model} cannot be read: ${message}.`,
    },
    MODEL_INVALID: {
      code: 'MODEL_INVALID',
      say: (model, message) => `The model ${model} cannot be used: ${message}`,
    },
    MODEL_UNSUITABLE: {
      code: 'MODEL_UNSUITABLE',
      say: (model, message) => `The model ${model} is not suitable: ${message}.`,
    },
    OUT_OF_MEMORY: {
      code: 'EMBEDDER_OUT_OF_MEMORY',
      say: (_, message) => `The embedder ran out of memory: ${message}.`,
    },
    PROTOCOL: { code: 'EMBEDDER_PROTOCOL', say: (_, message) => `The embedder refused: ${message}.` },
    FAILED: {
      code: 'EMBEDDER_FAILED',
      say: (_, message) => `The embedder could not do its work: ${message}.`,
    },
  };

/** What the child said as an error for the user. */
export function refusalError(refusal: ChildRefusal, model: EmbedderModel): EmbedSearchError {
  const { code, say } = REFUSALS[refusal.code];
  return new EmbedSearchError(code, say(model.path, refusal.message), { cause: refusal });
}
