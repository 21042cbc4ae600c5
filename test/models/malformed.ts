import { entriesWith, gguf, string, u32, u64, EMBEDDING_ENTRIES, type Entry } from './gguf-writer.js';

/** A file that no reader may accept, and what the refusal must say. */
export interface Malformed {
  readonly name: string;
  readonly bytes: Buffer;
  readonly says: RegExp;
}

const HUGE = [2n ** 20n, 2n ** 32n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n];
const ARRAY_TYPE = 9;

const whole = gguf();

/** Cut at every 8th byte of the head, and inside the weights. */
function truncated(): Malformed[] {
  const cuts = [1, 3, 4, 7, 8, 15, 16, 23];
  for (let at = 24; at < whole.length; at += Math.ceil(whole.length / 60)) cuts.push(at);
  cuts.push(whole.length - 33);
  return cuts.map((at) => ({
    name: `cut after ${at} of ${whole.length} bytes`,
    bytes: whole.subarray(0, at),
    says: /truncated: (its \d+ bytes end inside|\d+ of \d+ bytes are there)|more than the file has room for/,
  }));
}

function hugeCounts(): Malformed[] {
  return HUGE.flatMap((count) => [
    { name: `${count} tensors`, bytes: gguf({ tensorCount: count }), says: /the number of tensors|tensors/ },
    {
      name: `${count} keys`,
      bytes: gguf({ keyCount: count }),
      says: /the number of metadata keys|metadata keys/,
    },
    ...[4, 8, 12].map((type) => ({
      name: `an array of ${count} entries of type ${type}`,
      bytes: withEntry(['x', 'raw', Buffer.concat([u32(ARRAY_TYPE), u32(type), u64(count)])]),
      says: /more than the file has room for|says \d+/,
    })),
    {
      name: `a string of ${count} bytes`,
      bytes: withEntry(['x', 'raw', Buffer.concat([u32(8), u64(count)])]),
      says: /truncated|says \d+/,
    },
    {
      name: `an asked-for array whose second string has ${count} bytes`,
      bytes: withEntry([
        'tokenizer.ggml.tokens',
        'raw',
        Buffer.concat([u32(ARRAY_TYPE), u32(8), u64(3), string('a'), u64(count), string('b')]),
      ]),
      says: /truncated|"tokenizer.ggml.tokens" says/,
    },
    {
      name: `a tensor at offset ${count}`,
      bytes: oneTensor(u32(1), u64(8), u32(0), u64(count)),
      says: /overlaps or leaves a gap|says \d+/,
    },
    {
      name: `a tensor of length ${count}`,
      bytes: oneTensor(u32(2), u64(count), u64(count), u32(0), u64(0)),
      says: /truncated|impossible shape|says/,
    },
  ]);
}

function withEntry(entry: Entry): Buffer {
  return gguf({ entries: [...EMBEDDING_ENTRIES.filter(([key]) => key !== entry[0]), entry] });
}

function oneTensor(...description: readonly Buffer[]): Buffer {
  return gguf({
    tensorCount: 1n,
    tensors: [],
    rawTensors: Buffer.concat([string('t'), ...description, Buffer.alloc(64)]),
  });
}

const single: readonly Malformed[] = [
  { name: 'an empty file', bytes: Buffer.alloc(0), says: /empty \(0 bytes\)/ },
  { name: 'text', bytes: Buffer.from('# A readme\n\nnot a model\n'), says: /does not begin with "GGUF"/ },
  { name: 'zeros', bytes: Buffer.alloc(4096), says: /does not begin with "GGUF"/ },
  {
    name: 'a web page',
    bytes: Buffer.from('<!doctype html><title>404</title>'),
    says: /does not begin with "GGUF"/,
  },
  { name: 'the old GGML magic', bytes: gguf({ magic: 'lmgg' }), says: /does not begin with "GGUF"/ },
  { name: 'a backward magic', bytes: gguf({ magic: 'FUGG' }), says: /does not begin with "GGUF"/ },
  { name: 'version 0', bytes: gguf({ version: 0 }), says: /GGUF version 0/ },
  { name: 'version 1', bytes: gguf({ version: 1 }), says: /GGUF version 1/ },
  { name: 'version 4', bytes: gguf({ version: 4 }), says: /GGUF version 4/ },
  { name: 'big-endian', bytes: gguf({ version: 0x03000000 }), says: /big-endian/ },
  {
    name: 'a key twice',
    bytes: gguf({ entries: [...EMBEDDING_ENTRIES, EMBEDDING_ENTRIES[0]!] }),
    says: /there twice/,
  },
  { name: 'an empty key', bytes: withEntry(['', 'u32', 1]), says: /impossible length/ },
  { name: 'an unknown value type', bytes: withEntry(['x', 'raw', u32(13)]), says: /unknown type 13/ },
  {
    name: 'an array of arrays',
    bytes: withEntry(['x', 'raw', Buffer.concat([u32(9), u32(9), u64(1), u32(4), u64(0)])]),
    says: /array of the unknown type 9/,
  },
  { name: 'an alignment of 0', bytes: withEntry(['general.alignment', 'u32', 0]), says: /alignment is 0/ },
  { name: 'an alignment of 33', bytes: withEntry(['general.alignment', 'u32', 33]), says: /alignment is 33/ },
  {
    name: 'an alignment of 2^31',
    bytes: withEntry(['general.alignment', 'u32', 2 ** 31]),
    says: /alignment is/,
  },
  {
    name: 'an alignment in words',
    bytes: withEntry(['general.alignment', 'string', 'wide']),
    says: /alignment is "wide"/,
  },
  {
    name: 'overlapping tensors',
    bytes: gguf({
      tensors: [
        { name: 'a', dimensions: [64] },
        { name: 'b', dimensions: [64], offset: 0 },
      ],
    }),
    says: /overlaps or leaves a gap/,
  },
  {
    name: 'tensors that follow in a circle',
    bytes: gguf({
      tensors: [
        { name: 'a', dimensions: [64], offset: 256 },
        { name: 'b', dimensions: [64], offset: 0 },
      ],
    }),
    says: /overlaps or leaves a gap/,
  },
  {
    name: 'a tensor of 5 dimensions',
    bytes: gguf({ tensors: [{ name: 'a', dimensions: [1, 1, 1, 1, 1] }] }),
    says: /5 dimensions/,
  },
  {
    name: 'a quantized row of 33',
    bytes: gguf({ tensors: [{ name: 'a', dimensions: [33], type: 8 }] }),
    says: /impossible shape/,
  },
  {
    name: 'a tensor name of 65 bytes',
    bytes: gguf({ tensors: [{ name: 'n'.repeat(65), dimensions: [8] }] }),
    says: /longer than 64/,
  },
  {
    name: 'no architecture',
    bytes: gguf({ entries: entriesWith({ 'general.architecture': undefined }) }),
    says: /architecture/,
  },
  {
    name: 'no dimensions',
    bytes: gguf({ entries: entriesWith({ 'bert.embedding_length': undefined }) }),
    says: /"bert.embedding_length" is missing/,
  },
  {
    name: 'dimensions in words',
    bytes: gguf({
      entries: entriesWith({ 'bert.embedding_length': ['bert.embedding_length', 'string', '\u001b[31m8'] }),
    }),
    says: /"bert.embedding_length" is "\\u001b\[31m8"/,
  },
];

export const MALFORMED: readonly Malformed[] = [...single, ...truncated(), ...hugeCounts()];
