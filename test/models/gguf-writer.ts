/** Writes small GGUF files, whole ones and broken ones, so that no test needs a download. */
export type Entry =
  | readonly [key: string, type: 'u32', value: number]
  | readonly [key: string, type: 'f32', value: number]
  | readonly [key: string, type: 'string', value: string]
  | readonly [key: string, type: 'bool', value: boolean]
  | readonly [key: string, type: 'strings', value: readonly string[]]
  | readonly [key: string, type: 'i32s' | 'f32s', value: readonly number[]]
  | readonly [key: string, type: 'raw', value: Buffer];

export interface Tensor {
  readonly name: string;
  readonly dimensions: readonly number[];
  /** ggml type: 0 is F32 */
  readonly type?: number;
  readonly offset?: number;
  /** Default: zeros. */
  readonly values?: Float32Array;
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

const TYPE = { u32: 4, i32: 5, f32: 6, bool: 7, string: 8 } as const;

const f32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
};

function entryBytes(entry: Entry): Buffer {
  const name = string(entry[0]);
  switch (entry[1]) {
    case 'raw':
      return Buffer.concat([name, entry[2]]);
    case 'u32':
      return Buffer.concat([name, u32(TYPE.u32), u32(entry[2])]);
    case 'f32':
      return Buffer.concat([name, u32(TYPE.f32), f32(entry[2])]);
    case 'bool':
      return Buffer.concat([name, u32(TYPE.bool), Buffer.from([entry[2] ? 1 : 0])]);
    case 'string':
      return Buffer.concat([name, u32(TYPE.string), string(entry[2])]);
    case 'strings':
      return array(name, TYPE.string, entry[2].length, Buffer.concat(entry[2].map((each) => string(each))));
    case 'i32s':
      return array(name, TYPE.i32, entry[2].length, new Uint8Array(Int32Array.from(entry[2]).buffer));
    case 'f32s':
      return array(name, TYPE.f32, entry[2].length, new Uint8Array(Float32Array.from(entry[2]).buffer));
  }
}

function array(name: Buffer, type: number, length: number, values: Uint8Array): Buffer {
  return Buffer.concat([name, u32(9), u32(type), u64(length), values]);
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
  const contents: { at: number; values: Float32Array }[] = [];
  const infos = tensors.map((tensor) => {
    const at = tensor.offset ?? offset;
    if (tensor.values) contents.push({ at, values: tensor.values });
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
  const data = Buffer.alloc(padding + Math.min(offset, 4_000_000));
  for (const { at, values } of contents) data.set(new Uint8Array(values.buffer), padding + at);
  return Buffer.concat([head, data]);
}

/** The entries of a working model, some of them replaced or, with undefined, left out. */
export function entriesWith(changes: Readonly<Record<string, Entry | undefined>>): Entry[] {
  const kept = EMBEDDING_ENTRIES.filter(([key]) => !(key in changes));
  return [...kept, ...Object.values(changes).filter((entry) => entry !== undefined)];
}
