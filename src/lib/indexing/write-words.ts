import { READING_RULES, readText } from '../corpus/read-text.js';
import type { CountTokens, FoundFile, ReadOutcome, SkippedEntry, WalkOptions } from '../corpus/types.js';
import type { FileStat } from '../store/same-stat.js';
import type { FileWithChunks, LeftOutFile, StoreWriter } from '../store/types.js';
import { collectGarbage } from '../memory/collect-garbage.js';
import { CHUNK_RULES, isCutByOtherRules } from './chunk-rules.js';
import { compareFiles, KEEPS_OLD_ENTRY, type Difference } from './compare-files.js';
import { prepareFile } from './prepare-file.js';
import { SEARCH_WORDS } from './search-words.js';

/** Files are committed in groups: large enough for SQLite to be fast, small enough to keep memory flat. */
const GROUP_CHARACTERS = 256 * 1024; // Fault build: 16 * 1024

/** Of what is noted beside, and of paths that are gone. */
const NOTES_PER_GROUP = 500;

/** Above that many, files go before all new ones are in: a moved one may have to be embedded again. */
const MOST_GONE_PATHS = 10_000;

/** Reasons that lie in the content: they hold until the file changes. */
const OF_CONTENT = new Set<string>(['binary', 'not-text', 'minified', 'generated']);

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
  /** Called when there is a file to cut. */
  readonly tokenCounter: () => Promise<CountTokens>;
  readonly signal: AbortSignal | undefined;
  readonly onFile: (filesSeen: number, chunksAdded: number) => void;
  readonly onSkipped: (entry: SkippedEntry) => void;
  /** What was decided of a path, for who looks for a mistake. */
  readonly onDecision?: ((decision: string, path: string) => void) | undefined;
}

/**
 * Brings files, chunks and words of the store up to what is on disk; needs no model. Each group of files is one
 * transaction, so a kill loses at most the group at hand and a query answers from what is there.
 */
export async function writeWords(store: StoreWriter, options: WordsOptions): Promise<WordsOutcome> {
  const startedAt = Date.now();
  await store.setWords(SEARCH_WORDS);
  if (isCutByOtherRules(store) && store.counts().files === 0) store.noteChunkRules(CHUNK_RULES);
  const run = new WordsRun(store, options);
  for await (const difference of compareFiles(store, options.walk)) {
    options.signal?.throwIfAborted();
    await run.take(difference);
  }
  await run.finish(startedAt);
  return run.outcome;
}

class WordsRun {
  readonly #store: StoreWriter;
  readonly #options: WordsOptions;
  #countTokens: CountTokens | undefined;
  #group: FileWithChunks[] = [];
  #groupCharacters = 0;
  #touched: (FileStat & { readonly path: string })[] = [];
  #leftOut: LeftOutFile[] = [];
  #forgotten: string[] = [];
  /** They go last, so that a text that has only moved is never without a use. */
  #gone: string[] = [];
  #looked = false;
  readonly #cutsAnew: boolean;
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
    this.#cutsAnew = isCutByOtherRules(store);
  }

  async take(difference: Difference): Promise<void> {
    switch (difference.kind) {
      case 'same':
        this.outcome.seen += 1;
        if (this.#cutsAnew) return this.#look(difference.file, false);
        this.outcome.unchanged += 1;
        return;
      case 'look':
        this.outcome.seen += 1;
        return this.#look(difference.file, difference.isLeftOut);
      case 'left-out':
        if (difference.file !== undefined) this.outcome.seen += 1;
        return this.#skip(difference.entry, difference.isNews);
      case 'gone':
        return this.#goes(difference.path);
      case 'forgotten':
        this.#forgotten.push(difference.path);
        if (this.#forgotten.length >= NOTES_PER_GROUP) this.#writeNotes();
    }
  }

  /** What is not written yet; `startedAt` is when the look at all this began. */
  async finish(startedAt: number): Promise<void> {
    await this.#commitGroup();
    await this.#removeGone();
    // A look at a part says nothing of the rest.
    const isNews = this.#looked || this.#cutsAnew || this.#store.lastLook?.rules !== READING_RULES;
    const note = this.#options.walk.only === undefined && isNews;
    this.#writeNotes(note ? startedAt : undefined);
  }

  #skip(entry: SkippedEntry, isNews: boolean, stat?: FileStat): void {
    this.outcome.skipped += 1;
    this.#options.onSkipped(entry);
    const { path, reason, detail } = entry;
    this.#decided(detail === undefined ? reason : `${reason} (${detail})`, path);
    if (!isNews) return;
    const known = detail === undefined ? { path, reason } : { path, reason, detail };
    this.#leftOut.push(stat === undefined ? known : { ...known, stat });
    if (this.#leftOut.length >= NOTES_PER_GROUP) this.#writeNotes();
  }

  async #look(file: FoundFile, isLeftOut: boolean): Promise<void> {
    this.#looked = true;
    const read = await readText(file);
    if (isLeftOut && (read.ok || read.reason === 'vanished')) this.#forgotten.push(file.path);
    if (!read.ok) return this.#refuse(file, read);
    const known = this.#store.fileByPath(file.path);
    if (known?.hash === read.hash && !this.#cutsAnew) {
      this.outcome.unchanged += 1;
      this.#touch(file);
      return;
    }
    this.#decided(known === undefined ? 'new' : known.hash === read.hash ? 'cut anew' : 'changed', file.path);
    this.#countTokens ??= await this.#options.tokenCounter();
    this.#group.push(prepareFile(file, read.text, read.hash, this.#countTokens));
    this.#groupCharacters += read.text.length;
    if (this.#groupCharacters >= GROUP_CHARACTERS) await this.#commitGroup();
  }

  async #refuse(file: FoundFile, { reason, detail }: Extract<ReadOutcome, { ok: false }>): Promise<void> {
    const { path, size, mtimeMs, inode } = file;
    const stat = OF_CONTENT.has(reason) ? { size, mtimeMs, inode } : undefined;
    const entry: SkippedEntry = {
      kind: 'skipped',
      path,
      reason,
      ...(detail === undefined ? {} : { detail }),
    };
    this.#skip(entry, reason !== 'vanished', stat);
    if (!KEEPS_OLD_ENTRY.has(reason)) await this.#goes(path);
  }

  #touch({ path, size, mtimeMs, inode }: FoundFile): void {
    this.#decided('same content', path);
    this.#touched.push({ path, size, mtimeMs, inode });
    if (this.#touched.length >= NOTES_PER_GROUP) this.#writeNotes();
  }

  async #goes(path: string): Promise<void> {
    this.#gone.push(path);
    if (this.#gone.length < MOST_GONE_PATHS) return;
    await this.#commitGroup();
    await this.#removeGone();
  }

  async #commitGroup(): Promise<void> {
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

  async #removeGone(): Promise<void> {
    const gone = this.#gone.filter((path) => this.#store.fileByPath(path) !== undefined);
    this.#gone = [];
    if (gone.length === 0) return;
    const { removed } = await this.#store.removeFiles(gone);
    this.outcome.chunksRemoved += removed;
    this.outcome.removed += gone.length;
    for (const path of gone) this.#decided('gone', path);
  }

  /** In one transaction: each costs a wait for the disk. */
  #writeNotes(lookedAt?: number): void {
    const [touched, leftOut, forgotten] = [this.#touched, this.#leftOut, this.#forgotten];
    if (touched.length + leftOut.length + forgotten.length === 0 && lookedAt === undefined) return;
    this.#touched = [];
    this.#leftOut = [];
    this.#forgotten = [];
    this.#store.transaction(() => {
      for (const { path, ...stat } of touched) this.#store.touchFile(path, stat);
      this.#store.noteLeftOut(leftOut, forgotten);
      if (lookedAt === undefined) return;
      this.#store.noteLook({ startedAt: lookedAt, rules: READING_RULES });
      if (this.#cutsAnew) this.#store.noteChunkRules(CHUNK_RULES);
    });
    // What was read to find that nothing has changed is memory all the same.
    if (touched.length + leftOut.length >= NOTES_PER_GROUP) collectGarbage();
  }

  #decided(decision: string, path: string): void {
    this.#options.onDecision?.(decision, path);
  }
}
