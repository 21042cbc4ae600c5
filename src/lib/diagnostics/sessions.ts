import { readFileSync, rmSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { indexFolderOf } from '../config.js';
import { type MemoryReport, memoryReport, processMemory } from '../memory.js';

/** Commands that end sooner leave no trace. */
const FIRST_MILLISECONDS = 300;
const EVERY_MILLISECONDS = 1_000;

/** One host at work on an index, as it last told, with what the system says of its processes now. */
export interface LiveSession {
  readonly pid: number;
  readonly command: string;
  readonly startedAt: string;
  readonly memory: MemoryReport;
}

/** What a host writes: the system knows its memory, but not how V8 divides it, nor which process is its embedder. */
interface Entry extends LiveSession {
  /** Tells a process from a later one of the same number. */
  readonly birth: string | null;
}

/** Publishes this process's memory in `<indexDir>/sessions` until closed. A folder that cannot be written to is no error. */
export function publishSession(
  indexDir: string,
  command: string,
  report: () => MemoryReport | Promise<MemoryReport>,
): { close(this: void): void } {
  const folder = path.join(indexDir, 'sessions');
  const file = path.join(folder, `${process.pid}.json`);
  const startedAt = new Date().toISOString();
  let isOpen = true;
  let isWriting = false;
  const publish = async () => {
    if (isWriting) return;
    isWriting = true;
    try {
      const entry: Entry = {
        pid: process.pid,
        command,
        startedAt,
        birth: birthOf(process.pid),
        memory: await report(),
      };
      if (!isOpen) return;
      await mkdir(folder, { mode: 0o700 }).catch(ignoreExisting);
      await writeFile(`${file}.new`, JSON.stringify(entry), { mode: 0o600 });
      if (isOpen) await rename(`${file}.new`, file);
    } catch {
      // a folder that is gone, full or closed to us
    } finally {
      isWriting = false;
      if (!isOpen) remove(file);
    }
  };
  let timer = setTimeout(() => {
    void publish();
    timer = setInterval(() => void publish(), EVERY_MILLISECONDS).unref();
  }, FIRST_MILLISECONDS).unref();
  return {
    close: () => {
      isOpen = false;
      clearTimeout(timer);
      remove(file);
    },
  };
}

/** The same for a run of `indexFolder`: `onMemory` is the option of that name. */
export function publishIndexing(
  { root, indexDir }: { readonly root: string; readonly indexDir?: string | undefined },
  command: string,
): { onMemory(this: void, report: MemoryReport): void; close(): void } {
  let embedder: MemoryReport['embedder'] = null;
  const session = publishSession(indexFolderOf(path.resolve(root), indexDir), command, () => ({
    ...memoryReport(undefined),
    embedder,
  }));
  return { onMemory: (report) => (embedder = report.embedder), close: session.close };
}

/** The hosts that work on an index now. What killed ones have left is passed over. */
export async function liveSessions(indexDir: string): Promise<LiveSession[]> {
  const folder = path.join(indexDir, 'sessions');
  const sessions: LiveSession[] = [];
  for (const name of await namesIn(folder)) {
    const entry = name.endsWith('.json') ? await readEntry(path.join(folder, name)) : undefined;
    if (entry !== undefined && isTheSame(entry)) sessions.push(withMemoryNow(entry));
  }
  return sessions;
}

/** Removes what killed hosts have left; resolves to how many. */
export async function sweepSessions(indexDir: string): Promise<number> {
  const folder = path.join(indexDir, 'sessions');
  let swept = 0;
  for (const name of await namesIn(folder)) {
    const entry = await readEntry(path.join(folder, name));
    if (entry !== undefined && isTheSame(entry)) continue;
    await rm(path.join(folder, name), { force: true });
    swept++;
  }
  return swept;
}

function withMemoryNow({ pid, command, startedAt, memory }: Entry): LiveSession {
  const host = processMemory(pid);
  const embedder = memory.embedder && processMemory(memory.embedder.pid);
  return {
    pid,
    command,
    startedAt,
    memory: {
      host: {
        ...memory.host,
        rssBytes: host?.rssBytes ?? memory.host.rssBytes,
        peakRssBytes: host?.peakRssBytes ?? memory.host.peakRssBytes,
      },
      embedder: memory.embedder && embedder ? { ...memory.embedder, ...embedder } : null,
    },
  };
}

async function namesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((): string[] => []);
  return names.sort();
}

async function readEntry(file: string): Promise<Entry | undefined> {
  try {
    const entry = JSON.parse(await readFile(file, 'utf8')) as Partial<Entry>;
    return typeof entry.pid === 'number' && entry.memory?.host !== undefined ? (entry as Entry) : undefined;
  } catch {
    return undefined;
  }
}

function isTheSame({ pid, birth }: Entry): boolean {
  return processMemory(pid) !== null && birthOf(pid) === birth;
}

/** When the kernel started a process, in ticks since it booted; null on systems that tell no such thing by a file. */
function birthOf(pid: number): string | null {
  try {
    // The name of the program, in brackets, may hold anything. Source: proc_pid_stat(5), field 22.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

function remove(file: string): void {
  try {
    rmSync(file, { force: true });
    rmSync(`${file}.new`, { force: true });
  } catch {
    // a folder that is closed to us
  }
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}
