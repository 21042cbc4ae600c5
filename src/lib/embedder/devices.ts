import { EmbedSearchError } from '../errors.js';
import {
  gpuBindingNames,
  locateGpuBindings,
  locateRuntime,
  type Platform,
  type RuntimeLocation,
  thisMachine,
} from './locate-runtime.js';
import { ChildRefusal } from './open-requests.js';
import { SessionEnded } from './session-end.js';
import type { DeviceChoice, RuntimeChoice } from './types.js';

/**
 * Where an embedder computes: each GPU binding that is installed, then the CPU. One that does not start is left out
 * from then on. None of them is ever loaded by this process.
 */
export class Devices {
  /** Why it computes on another device than it would have, or null. */
  notice: string | null = null;
  readonly #runtime: RuntimeChoice;
  readonly #choice: DeviceChoice;
  readonly #machine: Platform | undefined;
  #gpus: readonly RuntimeLocation[] | null = null;

  constructor(runtime: RuntimeChoice, choice: DeviceChoice, machine?: Platform) {
    this.#runtime = runtime;
    this.#choice = choice;
    this.#machine = machine;
  }

  /** What to start next. Throws RUNTIME_MISSING with the next step. */
  current(): RuntimeLocation {
    const machine = this.#machine ?? thisMachine();
    if (this.#runtime === 'compat') {
      const location = locateRuntime('compat', machine);
      return this.#choice === 'gpu' ? { ...location, device: 'gpu' } : location;
    }
    this.#gpus ??= this.#choice === 'cpu' ? [] : locateGpuBindings(machine);
    const gpu = this.#gpus[0];
    if (gpu !== undefined) return gpu;
    if (this.#choice === 'gpu' && this.notice === null) throw noGpuBinding(machine);
    return locateRuntime(this.#runtime, machine);
  }

  /** True where something else is to be tried, because what failed was a GPU's binding and not the model. */
  giveUp({ device, name }: RuntimeLocation, error: unknown): boolean {
    const reason = reasonOf(error);
    if (device !== 'gpu' || this.#gpus === null || reason === null) return false;
    this.#gpus = this.#gpus.slice(1);
    this.notice = `${name} cannot be used (${reason}): computing on ${this.#gpus[0]?.name ?? 'the CPU'}.`;
    return true;
  }
}

/** Why a binding did not start; null where that says nothing about the binding. */
function reasonOf(error: unknown): string | null {
  if (error instanceof SessionEnded) return error.message;
  const isOfTheBinding =
    error instanceof ChildRefusal && (error.code === 'RUNTIME_MISSING' || error.code === 'OUT_OF_MEMORY');
  return isOfTheBinding ? error.message : null;
}

function noGpuBinding(machine: Platform): EmbedSearchError {
  const names = gpuBindingNames(machine);
  return new EmbedSearchError('RUNTIME_MISSING', 'No binding that computes on a GPU is installed.', {
    fix:
      names.length === 0
        ? 'There is none for this system: leave --device out.'
        : `Install one beside embed-search: npm install @node-llama-cpp/${names[0]}, or leave --device out.`,
  });
}
