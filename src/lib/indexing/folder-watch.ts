import { type FSWatcher, watch, type WatchListener } from 'node:fs';
import path from 'node:path';
import { PartOfTree } from '../corpus/part-of-tree.js';
import type { ChangeLog, Changes } from './change-log.js';

/** How the system reports changes below a folder: each folder on its own (Linux), or all from its top (macOS, Windows). */
export type WatchKind = 'each-folder' | 'whole-tree';

export function watchKindOf(platform: NodeJS.Platform): WatchKind {
  return platform === 'darwin' || platform === 'win32' ? 'whole-tree' : 'each-folder';
}

export interface FolderWatchOptions {
  readonly root: string;
  readonly kind: WatchKind;
  readonly log: ChangeLog;
  /** Absolute; what is in it is nobody's news. */
  readonly indexDir: string;
  /** The system has no more watches to give, or none for this folder: called once, after all have been let go. */
  readonly onExhausted: (error: NodeJS.ErrnoException) => void;
}

const OF_ONE_FOLDER = new Set(['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM']);

interface Watched {
  readonly watcher: FSWatcher;
  /** The walk that last came by. */
  walk: number;
}

/**
 * Watches the folders that a walk goes through, and no others: ignored ones cost nothing. Each walk says anew which these
 * are, so that new folders and new rules need nothing of their own.
 */
export class FolderWatch {
  readonly #options: FolderWatchOptions;
  readonly #watched = new Map<string, Watched>();
  /** Folders that are left out, where the system reports what happens in them all the same. */
  readonly #leftOut = new Set<string>();
  readonly #indexFolder: string;
  #walk = 0;
  #isExhausted = false;

  constructor(options: FolderWatchOptions) {
    this.#options = options;
    const below = path.relative(options.root, options.indexDir).split(path.sep).join('/');
    this.#indexFolder = below.startsWith('../') || path.isAbsolute(below) ? '' : `${below}/`;
  }

  get folders(): number {
    return this.#watched.size;
  }

  beginWalk(): void {
    this.#walk += 1;
  }

  /** For `WalkOptions.onFolder`: true where the folder is watched from now on only. */
  readonly onFolder = (folder: string, absolute: string): boolean => {
    this.#leftOut.delete(folder);
    const known = this.#watched.get(folder);
    if (known !== undefined) known.walk = this.#walk;
    if (known !== undefined || this.#isExhausted) return false;
    if (this.#options.kind === 'whole-tree' && folder !== '') return false;
    return this.#watch(folder, absolute);
  };

  /** For entries that the walk left out. */
  readonly onLeftOut = ({ path: entry }: { readonly path: string }): void => {
    if (this.#options.kind === 'whole-tree' && entry.endsWith('/')) this.#leftOut.add(entry);
  };

  /** Lets go of the folders that a walk to its end did not meet. */
  endWalk(changes: Changes): void {
    const part = changes.all ? undefined : new PartOfTree(changes.paths);
    for (const [folder, { walk }] of this.#watched) {
      if (walk !== this.#walk && folder !== '' && part?.covers(folder) !== false) this.#letGo(folder);
    }
  }

  close(): void {
    for (const folder of this.#watched.keys()) this.#letGo(folder);
  }

  #watch(folder: string, absolute: string): boolean {
    const recursive = this.#options.kind === 'whole-tree';
    try {
      const watcher = watch(absolute, { recursive, persistent: false }, this.#listener(folder));
      watcher.on('error', (error: NodeJS.ErrnoException) => this.#onError(folder, error));
      this.#watched.set(folder, { watcher, walk: this.#walk });
      return true;
    } catch (error) {
      // One that has gone, or may not be looked into, is the walk's matter.
      if (!OF_ONE_FOLDER.has((error as NodeJS.ErrnoException).code ?? '') || folder === '')
        this.#exhausted(error);
      return false;
    }
  }

  #listener(folder: string): WatchListener<string> {
    return (event, name) => {
      // The system knows only that something happened.
      if (name === null) return this.#options.log.add();
      const changed = folder + name.split(path.sep).join('/');
      if (this.#isNobodysNews(changed)) return;
      // Windows says so of each folder in which something changes; what counts is whether there is one.
      if (event === 'change' && /(^|\/)\.git$/.test(changed)) return;
      // What is there under this name now may be another folder: the walk watches it again.
      if (event === 'rename') this.#letGoBelow(`${changed}/`);
      this.#options.log.add(changed);
    };
  }

  #isNobodysNews(changed: string): boolean {
    if (this.#indexFolder !== '' && `${changed}/`.startsWith(this.#indexFolder)) return true;
    if (this.#leftOut.size === 0) return false;
    for (let end = changed.indexOf('/'); end >= 0; end = changed.indexOf('/', end + 1)) {
      if (this.#leftOut.has(changed.slice(0, end + 1))) return true;
    }
    return false;
  }

  #onError(folder: string, error: NodeJS.ErrnoException): void {
    this.#letGo(folder);
    if (OF_ONE_FOLDER.has(error.code ?? '')) this.#options.log.add(folder.slice(0, -1));
    else this.#exhausted(error);
  }

  #exhausted(error: unknown): void {
    if (this.#isExhausted) return;
    this.#isExhausted = true;
    this.close();
    this.#options.onExhausted(error as NodeJS.ErrnoException);
  }

  #letGoBelow(folder: string): void {
    if (!this.#watched.has(folder)) return;
    for (const each of this.#watched.keys()) if (each.startsWith(folder)) this.#letGo(each);
  }

  #letGo(folder: string): void {
    this.#watched.get(folder)?.watcher.close();
    this.#watched.delete(folder);
  }
}
