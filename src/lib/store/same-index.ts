import { existsSync } from 'node:fs';
import path from 'node:path';
import { EmbedSearchError } from '../errors.js';
import type { IndexIdentity } from './types.js';

/** An index goes with its folder when that is moved or copied; one that is kept elsewhere is of one folder. */
export function refuseOtherRoot(known: string, root: string, indexDir: string): void {
  if (known === root || indexDir.startsWith(root + path.sep) || !existsSync(known)) return;
  throw new EmbedSearchError('INDEX_OTHER_SETTINGS', `${indexDir} is the index of ${known}.`, {
    fix: 'Name another folder with --index-dir, or give this one to the new folder with --rebuild.',
  });
}

/** Vectors of another model, or of the same one used otherwise, have no place beside those that are there. */
export function refuseOtherIdentity(known: IndexIdentity | null, wanted: IndexIdentity): void {
  if (known === null) return;
  if (known.modelSha256 !== wanted.modelSha256)
    throw new EmbedSearchError(
      'INDEX_OTHER_MODEL',
      `The index was made with the model ${known.modelId} (${known.modelSha256.slice(0, 8)}), ` +
        `not with ${wanted.modelId} (${wanted.modelSha256.slice(0, 8)}).`,
    );
  const settings = [
    'dimensions',
    'pooling',
    'queryPrefix',
    'documentPrefix',
    'tokenLimit',
    'normalization',
    'cut',
    'lastToken',
  ] as const;
  const changed = settings.filter((name) => known[name] !== wanted[name]);
  if (changed.length === 0) return;
  const list = changed.map((name) => `${name} ${JSON.stringify(known[name])}`).join(', ');
  throw new EmbedSearchError(
    'INDEX_OTHER_SETTINGS',
    `The index was made with other settings of ${known.modelId}: ${list}.`,
  );
}
