import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { pathInside } from '../config.js';
import type { WalkEntry } from '../corpus/types.js';
import { walk } from '../corpus/walk.js';
import { EmbedSearchError } from '../errors.js';
import { indexCommand } from '../indexing/index-command.js';
import { openLocalStore } from '../store/local-store.js';
import { sameStat } from '../store/same-stat.js';
import type { Problem, StoreReader } from '../store/types.js';
import { type FolderFiles, folderFiles, type FolderPlace, isFolder } from './folder-status.js';

/** What is known about one file, or about those of a folder: the result of `status FILE`. */
export interface FileStatus {
  readonly kind: 'file' | 'folder';
  /** Relative to the root; `.` for the root. */
  readonly path: string;
  readonly root: string;
  /** Of a folder: is any file of it? */
  readonly indexed: boolean;
  /** Set for a file that is in the index, and for a folder: it, or a file of it, has changed since. */
  readonly stale?: boolean;
  /** Set for a folder. */
  readonly files?: FolderFiles;
  readonly language?: string;
  readonly chunks?: { readonly total: number; readonly withVectors: number };
  /** Set for what is not: why, in the words of `index --dry-run`, or `new` or `gone`. */
  readonly reason?: string;
  readonly detail?: string;
  readonly problems: readonly Problem[];
  /** What brings the index up to date by the rules of the last run. */
  readonly indexCommand: string;
}

/** Why one file is or is not in the index, and how many files of a folder are. Errors: PATH_NOT_FOUND, USAGE for a file outside the root, INDEX_* and those of the machine. */
export async function fileStatus(
  file: string,
  index: { readonly indexDir: string; readonly root?: string },
  signal?: AbortSignal,
): Promise<FileStatus> {
  const reader = await openLocalStore(index.indexDir).openReader();
  try {
    const root = index.root ?? reader.root;
    const inside = indexedPath(root, file);
    const place = { root, indexDir: index.indexDir, inside, signal };
    if (isFolder(reader, place)) return await folderStatus(reader, place);
    const known = reader.fileByPath(inside);
    const problems = problemsOf(reader, inside);
    if (!known && !existsSync(file))
      throw new EmbedSearchError('PATH_NOT_FOUND', `There is no file ${file}.`);
    const entry = await entryOf(reader, place);
    const command = commandFor(reader, place);
    const common = { kind: 'file' as const, path: inside, root, problems, indexCommand: command };
    if (known) {
      const now = entry?.kind === 'file' ? entry : undefined;
      return {
        ...common,
        indexed: true,
        stale: now === undefined || !sameStat(known, now),
        language: known.language,
        chunks: await countChunks(reader, known.id),
        ...(now === undefined ? whyNot(entry, [], command) : {}),
      };
    }
    return { ...common, indexed: false, ...whyNot(entry, problems, command) };
  } finally {
    reader.close();
  }
}

async function folderStatus(reader: StoreReader, place: FolderPlace): Promise<FileStatus> {
  const { files, leftOut } = await folderFiles(reader, place);
  return {
    kind: 'folder',
    path: place.inside || '.',
    root: place.root,
    indexed: files.indexed > 0,
    stale: files.changed + files.added + files.removed > 0,
    files,
    ...(leftOut === undefined ? {} : reasonOf(leftOut)),
    problems: [],
    indexCommand: commandFor(reader, place),
  };
}

function commandFor(reader: StoreReader, { root, indexDir }: FolderPlace): string {
  return indexCommand({ root, indexDir, walk: reader.lastRun?.walk });
}

function problemsOf(reader: StoreReader, file: string): Problem[] {
  const found: Problem[] = [];
  for (const problem of reader.problems()) if (problem.path === file) found.push(problem);
  return found;
}

/** What a run would meet in the file's place: the file itself, or what is left out with it. */
async function entryOf(
  reader: StoreReader,
  { root, indexDir, inside, signal }: FolderPlace,
): Promise<WalkEntry | undefined> {
  for await (const entry of walk({ ...reader.lastRun?.walk, root, neverEnter: [indexDir] })) {
    signal?.throwIfAborted();
    if (entry.path === inside || (entry.path.endsWith('/') && inside.startsWith(entry.path))) return entry;
  }
  return undefined;
}

/** What was seen at the last run, when the file was read, says more than its place does. */
function whyNot(
  entry: WalkEntry | undefined,
  problems: readonly Problem[],
  command: string,
): { reason: string; detail?: string } {
  const [problem] = problems;
  if (problem) return withDetail(problem.reason, problem.detail);
  if (entry?.kind === 'file') return { reason: 'new', detail: `the next run takes it in: ${command}` };
  if (entry === undefined) return { reason: 'gone', detail: `the next run takes it out: ${command}` };
  return reasonOf(entry);
}

/** Of what a walk passes over. */
function reasonOf(entry: { readonly path: string; readonly reason: string; readonly detail?: string }) {
  const where = entry.path.endsWith('/') ? `the folder ${entry.path}` : undefined;
  return withDetail(entry.reason, [where, entry.detail].filter(Boolean).join(', ') || undefined);
}

function withDetail(reason: string, detail: string | undefined): { reason: string; detail?: string } {
  return detail === undefined ? { reason } : { reason, detail };
}

async function countChunks(reader: StoreReader, fileId: number) {
  let total = 0;
  let withVectors = 0;
  for (const { id } of reader.chunksOfFile(fileId)) {
    total++;
    if ((await reader.vectorOf(id)) !== undefined) withVectors++;
  }
  return { total, withVectors };
}

function indexedPath(root: string, file: string): string {
  const absolute = path.resolve(file);
  if (absolute === path.resolve(root)) return '';
  const folder = path.dirname(absolute);
  const real = existsSync(folder) ? path.join(realpathSync(folder), path.basename(absolute)) : absolute;
  const relative = pathInside(realpathSync(root), real);
  if (relative === undefined) {
    throw new EmbedSearchError('USAGE', `${file} is not below ${root}.`, {
      fix: 'Name a file or folder of the folder that was indexed, or another index with --path DIR.',
    });
  }
  return relative.split(path.sep).join('/');
}
