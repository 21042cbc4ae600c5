import { readdirSync, readFileSync } from 'node:fs';

interface ProcessState {
  readonly state: string;
  readonly parent: number;
}

/** State and parent by /proc, or null when there is no such process. A zombie has state Z. */
function processState(pid: number): ProcessState | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: state!, parent: Number(parent) };
  } catch {
    return null;
  }
}

/** Alive: there, and neither dead nor a zombie. */
export function isAlive(pid: number): boolean {
  const found = processState(pid);
  return found !== null && found.state !== 'Z' && found.state !== 'X';
}

export function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && processState(pid)?.parent === parent);
}

/** Looks again and again until `condition` holds; throws when it never does. */
export async function eventually(condition: () => boolean | Promise<boolean>, seconds = 20): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`did not come true within ${seconds} s: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
