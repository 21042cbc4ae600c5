import type { Socket } from 'node:net';
import { killOnExit, noLongerLive } from './live-children.js';
import { CHILD_PROGRAM, type SpawnedChild, spawnChild } from './spawn-child.js';

let early: { readonly child: SpawnedChild; readonly lanes: number; readonly forget: () => void } | null =
  null;

/**
 * Spawns the child of the next session ahead of time, before it is known which model it will load: a cold query
 * opens its index while the child's Node starts. One that nobody takes ends with this process.
 */
export function spawnEarly(lanes: number): void {
  if (early !== null) return;
  let child: SpawnedChild;
  try {
    child = spawnChild(CHILD_PROGRAM, lanes);
  } catch {
    return; // the session that needs one says what is wrong
  }
  const { pid } = child.process;
  const forget = () => {
    if (pid !== undefined) noLongerLive(pid);
    if (early?.child === child) early = null;
  };
  early = { child, lanes, forget };
  child.process.once('error', forget).once('exit', forget);
  child.channel.once('error', forget);
  for (const handle of [child.process, child.channel as Socket, child.stderr as Socket]) handle.unref();
  if (pid !== undefined) killOnExit(pid);
}

/** The child that waits, if there is one that fits: from now on the caller's to watch. One that does not fit ends. */
export function takeEarly(program: string, lanes: number): SpawnedChild | null {
  if (early === null) return null;
  const { child, forget } = early;
  if (program !== CHILD_PROGRAM || lanes !== early.lanes) {
    child.process.kill('SIGKILL'); // its end is what `forget` waits for
    return null;
  }
  forget();
  child.process.off('error', forget).off('exit', forget);
  child.channel.off('error', forget);
  return child;
}
