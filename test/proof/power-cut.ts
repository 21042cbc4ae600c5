import fs from 'node:fs';
import path from 'node:path';
import { Sqlite } from '#dist/lib/store/sqlite.js';

type Random = () => number;

type Operation =
  | {
      readonly kind: 'make folder' | 'make file' | 'remove' | 'sync folder' | 'sync file';
      readonly path: string;
    }
  | { readonly kind: 'write'; readonly path: string; readonly content: Buffer }
  | { readonly kind: 'rename'; readonly path: string; readonly to: string };

/** What SQLite has on the disk, and the generation that it has committed; 0 before the first one. */
interface DatabaseState {
  readonly files: ReadonlyMap<string, Buffer>;
  readonly generation: number;
}

/** An operation, and SQLite's state when it was done. */
interface Moment {
  readonly operation: Operation;
  readonly database: DatabaseState;
}

const DATABASE_FILES = ['index.db', 'index.db-wal'];

/**
 * Records what this process does below a folder through `node:fs/promises`, which is all that an index does with files
 * but for SQLite, and shows what a power cut may leave of it. SQLite syncs what it commits by itself: its files are
 * taken as they are at each moment.
 */
export class PowerCutRecorder {
  readonly moments: Moment[] = [];
  readonly #home: string;
  readonly #indexDir: string;
  #database: DatabaseState = { files: new Map(), generation: 0 };
  #stamp = '';
  readonly #wasThere: boolean;
  readonly #before = new Map<string, Buffer | undefined>();

  constructor(home: string, indexDir: string) {
    this.#home = home;
    this.#indexDir = indexDir;
    this.#wasThere = fs.existsSync(indexDir);
    if (this.#wasThere) this.#readDatabase();
    for (const name of fs.readdirSync(home, { recursive: true, encoding: 'utf8' }).sort()) {
      const file = path.join(home, name);
      this.#before.set(file, fs.statSync(file).isDirectory() ? undefined : fs.readFileSync(file));
    }
  }

  /** Runs `work` with all of its file operations recorded. */
  async record(work: () => Promise<void>): Promise<void> {
    const real = { ...fs.promises };
    const note = (operation: Operation) => this.#note(operation);
    const isOurs = (file: unknown): file is string => typeof file === 'string' && file.startsWith(this.#home);
    Object.assign(fs.promises, {
      mkdir: async (file: string, options: fs.MakeDirectoryOptions) => {
        const isNew = isOurs(file) && !fs.existsSync(file);
        const made = await real.mkdir(file, options);
        if (isNew) note({ kind: 'make folder', path: file });
        return made;
      },
      rename: async (from: string, to: string) => {
        await real.rename(from, to);
        if (isOurs(from)) note({ kind: 'rename', path: from, to });
      },
      rm: async (file: string, options: fs.RmOptions) => {
        const isThere = isOurs(file) && fs.existsSync(file);
        await real.rm(file, options);
        if (isThere) note({ kind: 'remove', path: file });
      },
      writeFile: async (file: string, content: string, options: fs.WriteFileOptions) => {
        await real.writeFile(file, content, options);
        if (!isOurs(file)) return;
        note({ kind: 'make file', path: file });
        note({ kind: 'write', path: file, content: Buffer.from(content) });
      },
      open: async (file: string, flags: string | number, mode?: number) => {
        const handle = await real.open(file, flags, mode);
        if (!isOurs(file)) return handle;
        const isFolder = (await handle.stat()).isDirectory();
        if (!isFolder && flags === 'wx') note({ kind: 'make file', path: file });
        return new Proxy(handle, {
          get(target, name) {
            if (name === 'sync')
              return async () => {
                await target.sync();
                note({ kind: isFolder ? 'sync folder' : 'sync file', path: file });
              };
            if (name === 'writeFile')
              return async (content: Buffer | string) => {
                await target.writeFile(content);
                note({ kind: 'write', path: file, content: Buffer.from(content as string) });
              };
            const value: unknown = Reflect.get(target, name, target);
            return typeof value === 'function'
              ? (value as (...rest: unknown[]) => unknown).bind(target)
              : value;
          },
        });
      },
    });
    try {
      await work();
    } finally {
      Object.assign(fs.promises, real);
    }
  }

  /**
   * Writes to `into` what the disk may hold when the power goes right after moment `cut` (or, at the number of moments,
   * after the run). Of what was not synced, `random` keeps, drops or tears; 'none' drops all of it. Returns the
   * generation that was committed then.
   */
  replay(cut: number, into: string, random: Random | 'none'): number {
    const disk = new Disk(this.#home, this.#before);
    for (const { operation } of this.moments.slice(0, cut + 1)) disk.apply(operation);
    const tree = disk.afterPowerCut(random);
    fs.rmSync(into, { recursive: true, force: true });
    fs.mkdirSync(into, { recursive: true });
    for (const [file, content] of tree) {
      const at = path.join(into, path.relative(this.#home, file));
      if (content === undefined) fs.mkdirSync(at, { recursive: true });
      else fs.writeFileSync(at, content);
    }
    const database = cut < this.moments.length ? this.moments[cut]!.database : this.#readDatabase();
    const at = path.join(into, path.relative(this.#home, this.#indexDir));
    if (tree.has(this.#indexDir) || this.#wasThere)
      for (const [name, bytes] of database.files) fs.writeFileSync(path.join(at, name), bytes);
    return database.generation;
  }

  #note(operation: Operation): void {
    this.moments.push({ operation, database: this.#readDatabase() });
  }

  #readDatabase(): DatabaseState {
    const files = DATABASE_FILES.map((name) => path.join(this.#indexDir, name)).filter((file) =>
      fs.existsSync(file),
    );
    const stamp = files
      .map((file) => `${file} ${fs.statSync(file).size} ${fs.statSync(file, { bigint: true }).mtimeNs}`)
      .join();
    if (stamp === this.#stamp) return this.#database;
    this.#stamp = stamp;
    this.#database = {
      files: new Map(files.map((file) => [path.basename(file), fs.readFileSync(file)])),
      generation: generationOf(this.#indexDir),
    };
    return this.#database;
  }
}

function generationOf(indexDir: string): number {
  const database = new Sqlite(path.join(indexDir, 'index.db'), { busyMilliseconds: 5000 });
  try {
    const hasTables = database.get(`select count(*) from sqlite_schema where name = 'meta'`)![0] === 1;
    return hasTables ? (database.get(`select value from meta where key = 'generation'`)![0] as number) : 0;
  } finally {
    database.close();
  }
}

interface Node {
  /** undefined: a folder. */
  content: Buffer | undefined;
  synced: Buffer | undefined;
}

/** A file system that promises what POSIX does: contents are safe after fsync of the file, names after fsync of the folder. */
class Disk {
  readonly #home: string;
  readonly #names = new Map<string, Node>();
  readonly #safe = new Map<string, Node>();
  #waiting: Operation[] = [];
  readonly #nodes = new Map<Operation, Node>();

  /** `before`: what has been there for long, by path; undefined is a folder. */
  constructor(home: string, before: ReadonlyMap<string, Buffer | undefined>) {
    this.#home = home;
    for (const [name, content] of before) {
      const node = { content, synced: content };
      this.#names.set(name, node);
      this.#safe.set(name, node);
    }
  }

  apply(operation: Operation): void {
    const node = this.#names.get(operation.path);
    if (operation.kind === 'write') node!.content = operation.content;
    else if (operation.kind === 'sync file') node!.synced = node!.content;
    else if (operation.kind === 'sync folder') {
      const isSafeNow = (waiting: Operation) => path.dirname(waiting.path) === operation.path;
      for (const waiting of this.#waiting.filter(isSafeNow)) this.#rename(this.#safe, waiting);
      this.#waiting = this.#waiting.filter((waiting) => !isSafeNow(waiting));
    } else {
      this.#rename(this.#names, operation);
      this.#waiting.push(operation);
    }
  }

  /** Paths with contents, undefined for a folder; parents first. */
  afterPowerCut(random: Random | 'none'): Map<string, Buffer | undefined> {
    const names = new Map(this.#safe);
    if (random !== 'none')
      for (const waiting of this.#waiting) if (random() < 0.6) this.#rename(names, waiting);
    const tree = new Map<string, Buffer | undefined>([[this.#home, undefined]]);
    for (const [name, node] of [...names].sort(([one], [other]) => (one < other ? -1 : 1))) {
      const parent = path.dirname(name);
      if (tree.has(parent) && tree.get(parent) === undefined) tree.set(name, contentAfter(node, random));
    }
    return tree;
  }

  #rename(names: Map<string, Node>, operation: Operation): void {
    const below = [...names.keys()].filter(
      (name) => name === operation.path || name.startsWith(operation.path + path.sep),
    );
    if (operation.kind === 'remove') for (const name of below) names.delete(name);
    else if (operation.kind === 'rename') {
      for (const name of below) {
        names.set(operation.to + name.slice(operation.path.length), names.get(name)!);
        names.delete(name);
      }
    } else {
      let node = this.#nodes.get(operation);
      if (node === undefined) {
        node =
          operation.kind === 'make folder'
            ? { content: undefined, synced: undefined }
            : { content: Buffer.alloc(0), synced: Buffer.alloc(0) };
        this.#nodes.set(operation, node);
      }
      names.set(operation.path, node);
    }
  }
}

/** What was synced, or of what was written since: nothing, a part, zeros of its length, or all. */
function contentAfter({ content, synced }: Node, random: Random | 'none'): Buffer | undefined {
  if (content === undefined || content === synced || random === 'none') return synced;
  const chance = random();
  if (chance < 0.25) return synced;
  if (chance < 0.5) return content.subarray(0, Math.floor(random() * content.length));
  if (chance < 0.75) return Buffer.alloc(content.length);
  return content;
}
