import { existingFolder, indexFolderOf } from '../config.js';
import { readText } from '../corpus/read-text.js';
import { openLocalStore } from '../store/local-store.js';
import type { KnownFiles } from '../store/types.js';
import { isCutByOtherRules } from './chunk-rules.js';
import { compareFiles } from './compare-files.js';
import type { DryRunResult, IndexOptions, SkippedFile } from './types.js';
import { walkSettings } from './walk-settings.js';

/** What `index` would do: every file that is new or changed, and every one that is left out, with the reason. Writes nothing. */
export async function planIndex(options: IndexOptions): Promise<DryRunResult> {
  const started = performance.now();
  const root = existingFolder(options.root);
  const indexDir = indexFolderOf(root, options.indexDir);
  const store = openLocalStore(indexDir);
  const reader = store.exists() && !options.rebuild ? await store.openReader() : undefined;
  const changed: string[] = [];
  const skipped: SkippedFile[] = [];
  let seen = 0;
  let unchanged = 0;
  try {
    const cutsAnew = reader !== undefined && isCutByOtherRules(reader);
    const folder = { ...walkSettings(options), root, neverEnter: [indexDir] };
    for await (const difference of compareFiles(reader ?? NOTHING_KNOWN, folder)) {
      options.signal?.throwIfAborted();
      if (difference.kind === 'left-out') skipped.push(skippedFile(difference.entry));
      if ('file' in difference) seen += 1;
      if (difference.kind === 'same' && !cutsAnew) unchanged += 1;
      else if (difference.kind === 'same') changed.push(difference.path);
      if (difference.kind !== 'look') continue;
      const { file } = difference;
      const read = await readText(file);
      if (!read.ok) skipped.push(skippedFile({ path: file.path, ...read }));
      else if (!cutsAnew && reader?.fileByPath(file.path)?.hash === read.hash) unchanged += 1;
      else changed.push(file.path);
    }
  } finally {
    reader?.close();
  }
  const seconds = Math.round(performance.now() - started) / 1000;
  return {
    root,
    dryRun: true,
    files: { seen, changed: changed.length, unchanged, skipped: skipped.length },
    changed,
    skipped,
    seconds,
  };
}

const NOTHING_KNOWN: KnownFiles = {
  knownFiles: () => [],
  leftOut: () => [],
  fileByPath: () => undefined,
  lastLook: null,
  chunkRules: null,
};

function skippedFile({ path, reason, detail }: SkippedFile): SkippedFile {
  return { path, reason, ...(detail === undefined ? {} : { detail }) };
}
