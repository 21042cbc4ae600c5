import { type ChildProcess, spawn } from 'node:child_process';
import type { Duplex, Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

import { EmbedSearchError } from '../errors.js';
import { tiedToParent } from './parent-death.js';

/** A spawned embedder: the process, the protocol's channel, and what it prints. */
export interface SpawnedChild {
  readonly process: ChildProcess;
  readonly channel: Duplex;
  readonly stderr: Readable;
}

// Found from the package's root, because this module is bundled into others.
export const CHILD_PROGRAM = fileURLToPath(import.meta.resolve('#dist/lib/embedder/child.cjs'));

// Half of the child's anonymous memory would be V8's and malloc's free lists: see docs/embedder-protocol.md.
const V8_FLAGS = ['--max-semi-space-size=1'];
const MALLOC = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_MMAP_THRESHOLD_: '32768',
  MALLOC_TOP_PAD_: '0',
  MALLOC_TRIM_THRESHOLD_: '65536',
};

/**
 * Starts `program` with our own Node and an extra stdio pipe (fd 3). What fails later is the process' 'error' event;
 * throws EMBEDDER_FAILED where the system has no process or descriptor left to give.
 */
export function spawnChild(program: string, lanes: number): SpawnedChild {
  const [command, ...args] = tiedToParent([process.execPath, ...V8_FLAGS, program]);
  try {
    const child = spawn(command!, args, {
      env: childEnvironment(lanes),
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
      windowsHide: true,
    });
    // Where it cannot be started, that is thrown below and said again in an event that would end the host.
    child.on('error', () => undefined);
    return { process: child, channel: child.stdio[3] as unknown as Duplex, stderr: child.stderr! };
  } catch (error) {
    // Out of descriptors, Node gives a child without any stdio.
    throw new EmbedSearchError(
      'EMBEDDER_FAILED',
      `The embedder's process cannot be started: ${String(error)}`,
      {
        cause: error,
      },
    );
  }
}

function childEnvironment(lanes: number): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = {
    ...process.env,
    ...MALLOC,
    UV_THREADPOOL_SIZE: String(Math.max(4, lanes + 1)),
  };
  // What a user's debugger or tracer asks of our process is not for this one.
  delete environment['NODE_OPTIONS'];
  delete environment['NODE_V8_COVERAGE'];
  return environment;
}
