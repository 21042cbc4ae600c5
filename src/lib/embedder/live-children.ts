const live = new Set<number>();

/**
 * Kills a child when this process exits in any way that runs JavaScript. After any other way (kill -9) the child
 * finds its channel closed.
 */
export function killOnExit(pid: number): void {
  if (live.size === 0) process.on('exit', killAll);
  live.add(pid);
}

export function noLongerLive(pid: number): void {
  live.delete(pid);
  if (live.size === 0) process.off('exit', killAll);
}

function killAll(): void {
  for (const pid of live) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // it was faster
    }
  }
}
