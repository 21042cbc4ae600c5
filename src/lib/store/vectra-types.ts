// vectra's seams, written out: what is published must not need its types.

export interface IndexItem {
  readonly id: string;
  readonly metadata: Record<string, never>;
  readonly vector: Float32Array;
  readonly norm: number;
}

export interface IndexData {
  readonly version: number;
  readonly metadata_config: Record<string, unknown>;
  readonly items: readonly IndexItem[];
}

export interface IndexCodec {
  readonly extension: string;
  serializeIndex(data: IndexData): Buffer;
  deserializeIndex(buffer: Buffer): IndexData;
  serializeCatalog(catalog: unknown): Buffer;
  deserializeCatalog(buffer: Buffer): unknown;
  serializeMetadata(metadata: unknown): Buffer;
  deserializeMetadata(buffer: Buffer): unknown;
}

export interface FileDetails {
  readonly name: string;
  readonly path: string;
  readonly isFolder: boolean;
}

export interface FileStorage {
  createFile(filePath: string, content: Buffer | string): Promise<void>;
  createFolder(folderPath: string): Promise<void>;
  deleteFile(filePath: string): Promise<void>;
  deleteFolder(folderPath: string): Promise<void>;
  getDetails(fileOrFolderPath: string): Promise<FileDetails>;
  listFiles(folderPath: string, filter?: 'files' | 'folders' | 'all'): Promise<FileDetails[]>;
  pathExists(fileOrFolderPath: string): Promise<boolean>;
  readFile(filePath: string): Promise<Buffer>;
  upsertFile(filePath: string, content: Buffer | string): Promise<void>;
}

export interface VectraIndex {
  createIndex(): Promise<void>;
  batchInsertItems(items: readonly Pick<IndexItem, 'id' | 'vector'>[]): Promise<unknown>;
  listItems(): Promise<IndexItem[]>;
  queryItems(
    vector: Float32Array,
    query: string,
    topK: number,
  ): Promise<{ readonly item: IndexItem; readonly score: number }[]>;
}
