/** Writes small GGUF files, whole ones and broken ones, so that no test needs a download. */
export type Entry =
  | readonly [key: string, type: 'u32', value: number]
  | readonly [key: string, type: 'string', value: string]
  | readonly [key: string, type: 'bool', value: boolean]
  | readonly [key: string, type: 'strings', value: readonly string[]]
  | readonly [key: string, type: 'raw', value: Buffer];

export interface Tensor {
  readonly name: string;
  readonly dimensions: readonly number[];
  /** ggml type: 0 is F32 */
  readonly type?: number;
  readonly offset?: number;
}

export interface Layout {
  readonly magic?: string;
  readonly version?: number;
  readonly tensorCount?: bigint;
  readonly keyCount?: bigint;
  readonly entries?: readonly Entry[];
  readonly tensors?: readonly Tensor[];
  /** Stands behind the descriptions of `tensors`. */
  readonly rawTensors?: Buffer;
}

export const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};

export const u64 = (value: bigint | number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};

export const string = (text: string): Buffer =>
  Buffer.concat([u64(Buffer.byteLength(text)), Buffer.from(text)]);

const TYPE = { u32: 4, bool: 7, string: 8 } as const;

function entryBytes([key, type, value]: Entry): Buffer {
  const name = string(key);
  if (type === 'raw') return Buffer.concat([name, value]);
  if (type === 'u32') return Buffer.concat([name, u32(TYPE.u32), u32(value)]);
  if (type === 'bool') return Buffer.concat([name, u32(TYPE.bool), Buffer.from([value ? 1 : 0])]);
  if (type === 'string') return Buffer.concat([name, u32(TYPE.string), string(value)]);
  return Buffer.concat([
    name,
    u32(9),
    u32(TYPE.string),
    u64(value.length),
    ...value.map((each) => string(each)),
  ]);
}

export const EMBEDDING_ENTRIES: readonly Entry[] = [
  ['general.architecture', 'string', 'bert'],
  ['general.name', 'string', 'Tiny Test'],
  ['general.file_type', 'u32', 0],
  ['bert.context_length', 'u32', 512],
  ['bert.embedding_length', 'u32', 8],
  ['bert.pooling_type', 'u32', 1],
  ['tokenizer.ggml.model', 'string', 'bert'],
  ['tokenizer.ggml.tokens', 'strings', ['[PAD]', '[UNK]', '\u2581the', '\u2581a', 'b']],
];

const WEIGHTS: readonly Tensor[] = [
  { name: 'token_embd.weight', dimensions: [8, 5] },
  { name: 'output_norm.weight', dimensions: [8] },
];

/** The bytes of a GGUF file; F32 tensors with zeros for weights unless `layout` says otherwise. */
export function gguf(layout: Layout = {}): Buffer {
  const entries = layout.entries ?? EMBEDDING_ENTRIES;
  const tensors = layout.tensors ?? WEIGHTS;
  let offset = 0;
  const infos = tensors.map((tensor) => {
    const at = tensor.offset ?? offset;
    offset += Math.ceil((tensor.dimensions.reduce((a, b) => a * b, 1) * 4) / 32) * 32;
    const lengths = tensor.dimensions.map((length) => u64(length));
    return Buffer.concat([
      string(tensor.name),
      u32(tensor.dimensions.length),
      ...lengths,
      u32(tensor.type ?? 0),
      u64(at),
    ]);
  });
  const head = Buffer.concat([
    Buffer.from(layout.magic ?? 'GGUF'),
    u32(layout.version ?? 3),
    u64(layout.tensorCount ?? tensors.length),
    u64(layout.keyCount ?? entries.length),
    ...entries.map(entryBytes),
    ...infos,
    layout.rawTensors ?? Buffer.alloc(0),
  ]);
  const padding = (32 - (head.length % 32)) % 32;
  return Buffer.concat([head, Buffer.alloc(padding + Math.min(offset, 1_000_000))]);
}

/** The entries of a working model, some of them replaced or, with undefined, left out. */
export function entriesWith(changes: Readonly<Record<string, Entry | undefined>>): Entry[] {
  const kept = EMBEDDING_ENTRIES.filter(([key]) => !(key in changes));
  return [...kept, ...Object.values(changes).filter((entry) => entry !== undefined)];
}
