import { CachingProvider } from './cache.js';
import { Devices } from './devices.js';
import { DEFAULT_LIMITS, type SupervisionLimits } from './limits.js';
import { Supervisor } from './supervisor.js';
import { testOverrides, type TestOverrides } from './test-overrides.js';
import type { EmbedderOptions, EmbeddingProvider } from './types.js';

/** For tests and benches: a stand-in program, shorter waits. */
export interface InternalOptions extends EmbedderOptions, TestOverrides {}

/** An embedder for one model. Nothing is started before its `start` or the first text. */
export function createEmbedder(options: InternalOptions): EmbeddingProvider {
  const overrides = { ...testOverrides(), ...options };
  const supervisor = new Supervisor({
    model: options.model,
    devices: new Devices(options.runtime ?? 'auto', options.device ?? 'auto'),
    lanes: options.lanes ?? 1,
    lean: options.lean ?? false,
    maxMemoryBytes: options.maxMemoryBytes ?? null,
    limits: { ...DEFAULT_LIMITS, ...idleLimit(), ...overrides.limits },
    ...(overrides.childProgram === undefined ? {} : { childProgram: overrides.childProgram }),
  });
  const { cache, model } = options;
  return cache === undefined ? supervisor : new CachingProvider(supervisor, model, cache);
}

function idleLimit(): Partial<SupervisionLimits> {
  const seconds = Number(process.env['EMBED_SEARCH_IDLE_SECONDS']);
  return seconds > 0 ? { idleMs: seconds * 1_000 } : {};
}
