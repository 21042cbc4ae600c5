import { readText } from '../corpus/read-text.js';
import type { CountTokens, FoundFile, SkippedEntry, WalkOptions } from '../corpus/types.js';
import { walk } from '../corpus/walk.js';
import { sameStat } from '../store/same-stat.js';
import type { FileWithChunks, StoreWriter } from '../store/types.js';
import { SEARCH_WORDS } from './search-words.js';
import { collectGarbage } from './collect-garbage.js';
import { prepareFile } from './prepare-file.js';

/** Files are committed in groups: large enough for SQLite to be fast, small enough to keep memory flat. */
const GROUP_CHARACTERS = 256 * 1024;

/** What kept an earlier version of a file from being compared; its old entry stays until it can be read again. */
const KEEPS_OLD_ENTRY = new Set<string>(['not-readable', 'changed-while-reading']);

export interface WordsOutcome {
  readonly seen: number;
  readonly indexed: number;
  readonly unchanged: number;
  readonly removed: number;
  readonly skipped: number;
  readonly chunksAdded: number;
  readonly chunksRemoved: number;
}

export interface WordsOptions {
  readonly walk: WalkOptions;
  readonly countTokens: CountTokens;
  readonly signal: AbortSignal | undefined;
  readonly onFile: (filesSeen: number, chunksAdded: number) => void;
  readonly onSkipped: (entry: SkippedEntry) => void;
}

/**
 * Brings files, chunks and words of the store up to what is on disk; needs no model. Each group of files is one
 * transaction, so a kill loses at most the group at hand and a query answers from what is there.
 */
export async function writeWords(store: StoreWriter, options: WordsOptions): Promise<WordsOutcome> {
  store.setWords(SEARCH_WORDS);
  const run = new WordsRun(store, options);
  for await (const entry of walk(options.walk)) {
    options.signal?.throwIfAborted();
    if (entry.kind === 'skipped') run.skip(entry);
    else await run.take(entry);
  }
  await run.commitGroup();
  run.removeUnseen();
  return run.outcome;
}

class WordsRun {
  readonly #store: StoreWriter;
  readonly #options: WordsOptions;
  readonly #present = new Set<string>();
  readonly #keptFolders: string[] = [];
  #group: FileWithChunks[] = [];
  #groupCharacters = 0;
  readonly outcome = {
    seen: 0,
    indexed: 0,
    unchanged: 0,
    removed: 0,
    skipped: 0,
    chunksAdded: 0,
    chunksRemoved: 0,
  };

  constructor(store: StoreWriter, options: WordsOptions) {
    this.#store = store;
    this.#options = options;
  }

  skip(entry: SkippedEntry): void {
    this.outcome.skipped += 1;
    this.#options.onSkipped(entry);
    if (!KEEPS_OLD_ENTRY.has(entry.reason)) return;
    if (entry.path.endsWith('/')) this.#keptFolders.push(entry.path);
    else this.#present.add(entry.path);
  }

  async take(file: FoundFile): Promise<void> {
    this.outcome.seen += 1;
    const known = this.#store.fileByPath(file.path);
    if (sameStat(known, file)) {
      this.outcome.unchanged += 1;
      this.#present.add(file.path);
      return;
    }
    const read = await readText(file);
    if (!read.ok) {
      const detail = read.detail === undefined ? {} : { detail: read.detail };
      this.skip({ kind: 'skipped', path: file.path, reason: read.reason, ...detail });
      return;
    }
    this.#present.add(file.path);
    if (known?.hash === read.hash) {
      this.#store.touchFile(file.path, file);
      this.outcome.unchanged += 1;
      return;
    }
    const prepared = prepareFile(file, read.text, read.hash, this.#options.countTokens);
    this.#group.push(prepared);
    this.#groupCharacters += read.text.length;
    if (this.#groupCharacters >= GROUP_CHARACTERS) await this.commitGroup();
  }

  async commitGroup(): Promise<void> {
    const group = this.#group;
    if (group.length === 0) return;
    this.#group = [];
    this.#groupCharacters = 0;
    const { added, removed } = await this.#store.putFiles(group);
    this.outcome.chunksAdded += added;
    this.outcome.chunksRemoved += removed;
    collectGarbage();
    this.outcome.indexed += group.length;
    this.#options.onFile(this.outcome.seen, this.outcome.chunksAdded);
  }

  removeUnseen(): void {
    const gone: string[] = [];
    for (const { path } of this.#store.files()) {
      if (this.#present.has(path) || this.#keptFolders.some((folder) => path.startsWith(folder))) continue;
      gone.push(path);
    }
    if (gone.length === 0) return;
    this.#store.transaction(() => {
      for (const path of gone) this.outcome.chunksRemoved += this.#store.removeFile(path).removed;
    });
    this.outcome.removed = gone.length;
  }
}
