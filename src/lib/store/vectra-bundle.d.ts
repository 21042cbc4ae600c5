import type { FileStorage, IndexCodec, VectraIndex } from './vectra-types.js';

/** scripts/bundle-vectra.js makes this module: importing vectra as it is would cost the host 120 MB. */
export const LocalIndex: new (
  folderPath: string,
  indexName: string,
  storage: FileStorage,
  codec: IndexCodec,
) => VectraIndex;
