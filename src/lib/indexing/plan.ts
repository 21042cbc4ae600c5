import { existingFolder, indexFolderOf } from '../config.js';
import { readText } from '../corpus/read-text.js';
import { walk } from '../corpus/walk.js';
import { openLocalStore } from '../store/local-store.js';
import { sameStat } from '../store/same-stat.js';
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
    for await (const entry of walk({ ...walkSettings(options), root, neverEnter: [indexDir] })) {
      options.signal?.throwIfAborted();
      if (entry.kind === 'skipped') {
        skipped.push(skippedFile(entry));
        continue;
      }
      seen += 1;
      if (reader && sameStat(reader.fileByPath(entry.path), entry)) {
        unchanged += 1;
        continue;
      }
      const read = await readText(entry);
      if (read.ok) changed.push(entry.path);
      else skipped.push(skippedFile({ path: entry.path, ...read }));
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

function skippedFile({ path, reason, detail }: SkippedFile): SkippedFile {
  return { path, reason, ...(detail === undefined ? {} : { detail }) };
}
