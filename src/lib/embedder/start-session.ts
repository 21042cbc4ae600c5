import { readFileSync } from 'node:fs';

import { EmbedSearchError, type ErrorCode } from '../errors.js';
import { leanCpuLibrary } from './cpu-backend.js';
import { ProtocolError } from './frames.js';
import { PROTOCOL_VERSION, type SupervisionLimits } from './limits.js';
import { locateRuntime } from './locate-runtime.js';
import type { ChildErrorCode, InitializedReply } from './messages.js';
import { modelChanged, type ModelFile } from './model-file.js';
import { ChildRefusal, Session } from './session.js';
import { CHILD_PROGRAM } from './spawn-child.js';
import type { EmbedderModel, RuntimeChoice } from './types.js';

/** How an embedder is to run; what a user does not set has its default here. */
export interface EmbedderSettings {
  readonly model: EmbedderModel;
  readonly runtime: RuntimeChoice;
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
  readonly startMilliseconds: number;
}

/**
 * Starts a child and has it load the model. `onSpawn` gets the session before it is ready, so that it can be ended.
 * Rejects with an EmbedSearchError where another try would not help, with SessionEnded where the child died.
 */
export async function startSession(
  settings: EmbedderSettings,
  modelFile: ModelFile,
  lanes: number,
  onSpawn: (session: Session) => void,
): Promise<StartedSession> {
  const { model, limits } = settings;
  const location = locateRuntime(settings.runtime);
  const stamp = await modelFile.check();
  const started = performance.now();
  const session = new Session(settings.childProgram ?? CHILD_PROGRAM, lanes, limits);
  onSpawn(session);
  try {
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
      normalization: model.normalization,
      cpuLibrary: settings.lean && location.runtime === 'direct' ? leanCpuLibrary(thisProcessor()) : '',
      heartbeatMs: limits.heartbeatMs,
    });
    if (initialized.protocolVersion !== PROTOCOL_VERSION || initialized.dimensions !== model.dimensions) {
      throw new ProtocolError(
        `protocol ${initialized.protocolVersion} and ${initialized.dimensions} dimensions`,
      );
    }
    if (initialized.modelSha256 !== model.sha256) throw modelChanged(model.path);
    if (initialized.pooling !== null && initialized.pooling !== model.pooling) {
      throw new EmbedSearchError(
        'MODEL_UNSUITABLE',
        `The model ${model.path} is not suitable: it pools by ${initialized.pooling}, not by ${model.pooling}.`,
      );
    }
    return { session, initialized, startMilliseconds: performance.now() - started };
  } catch (error) {
    await session.close();
    if (error instanceof ChildRefusal) throw refusalError(error, model);
    if (error instanceof ProtocolError)
      throw new EmbedSearchError('EMBEDDER_PROTOCOL', `The embedder answered with ${error.message}.`);
    throw error;
  }
}

function thisProcessor() {
  const { platform, arch } = process;
  return { platform, arch, cpuinfo: platform === 'linux' ? firstKilobytes('/proc/cpuinfo') : '' };
}

function firstKilobytes(path: string): string {
  try {
    return readFileSync(path, 'utf8').slice(0, 16 * 1024);
  } catch {
    return '';
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
