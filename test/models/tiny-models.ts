import { type Entry, gguf, type Tensor } from './gguf-writer.js';

// Models of every kind that a profile names, small enough to be made by a test. Their weights are random: they hold the
// runtimes to each other and to the tokenizers, not to any meaning.

const D = 64;
const HEADS = 4;
const FFN = 96;
const LAYERS = 2;
const CONTEXT = 256;

export interface TinyModel {
  readonly kind: string;
  readonly architecture: string;
  readonly pooling: 'mean' | 'cls' | 'last';
  readonly isCausal: boolean;
  /** Special tokens around a text. */
  readonly special: number;
  /** Tokens of `the cat sat on the mat`, those around it not counted. */
  readonly plainTokens: number;
  readonly bytes: () => Buffer;
}

export const TINY_DIMENSIONS = D;
export const TINY_CONTEXT = CONTEXT;

/** Numbers between -1 and 1, the same in every run. Source: Numerical Recipes, "quick and dirty" LCG. */
function random(count: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state / 2 ** 31 - 1) * 0.3;
  });
}

class Tensors {
  readonly list: Tensor[] = [];

  weight(name: string, ...dimensions: number[]): this {
    const count = dimensions.reduce((a, b) => a * b, 1);
    this.list.push({ name: `${name}.weight`, dimensions, values: random(count, this.list.length + 1) });
    return this;
  }

  bias(name: string, length: number): this {
    this.list.push({
      name: `${name}.bias`,
      dimensions: [length],
      values: random(length, this.list.length + 1),
    });
    return this;
  }

  /** A norm that scales by about one. */
  norm(name: string, length: number, withBias = false): this {
    const values = random(length, this.list.length + 1).map((value) => 1 + value);
    this.list.push({ name: `${name}.weight`, dimensions: [length], values });
    return withBias ? this.bias(name, length) : this;
  }

  each(layer: (prefix: string, index: number) => void, layers = LAYERS): this {
    for (let index = 0; index < layers; index++) layer(`blk.${index}.`, index);
    return this;
  }
}

const WORDS = [
  'the',
  'cat',
  'sat',
  'on',
  'mat',
  'retry',
  'upload',
  'function',
  'return',
  'value',
  'file',
  'of',
];
const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789'.split('');
const SIGNS = '.,;:()[]{}<>+-*/=_!?"\'#'.split('');

interface Vocabulary {
  readonly size: number;
  readonly isBytePairs?: boolean;
  readonly entries: readonly Entry[];
}

function wordPiece(): Vocabulary {
  const special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
  const starts = [...WORDS, ...LETTERS, ...SIGNS].map((token) => `\u2581${token}`);
  const tokens = [...special, ...starts, ...LETTERS];
  return {
    size: tokens.length,
    entries: [
      ['tokenizer.ggml.model', 'string', 'bert'],
      ['tokenizer.ggml.tokens', 'strings', tokens],
      ['tokenizer.ggml.token_type', 'i32s', tokens.map((_, index) => (index < 5 ? 3 : 1))],
      ['tokenizer.ggml.bos_token_id', 'u32', 2],
      ['tokenizer.ggml.eos_token_id', 'u32', 3],
      ['tokenizer.ggml.unknown_token_id', 'u32', 1],
      ['tokenizer.ggml.seperator_token_id', 'u32', 3],
      ['tokenizer.ggml.padding_token_id', 'u32', 0],
      ['tokenizer.ggml.cls_token_id', 'u32', 2],
      ['tokenizer.ggml.mask_token_id', 'u32', 4],
    ],
  };
}

/** Unigram (`t5`), as XLM-RoBERTa has it, or SentencePiece's byte-pair kind (`llama`), as Gemma has it. */
function sentencePiece(model: 't5' | 'llama'): Vocabulary {
  const special = model === 't5' ? ['<s>', '<pad>', '</s>', '<unk>'] : ['<pad>', '</s>', '<s>', '<unk>'];
  const bytes =
    model === 'llama'
      ? Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`)
      : [];
  const words = WORDS.flatMap((word) =>
    // Byte pairs are merged step by step: every beginning has to be a token.
    Array.from({ length: word.length }, (_, length) => `\u2581${word.slice(0, length + 1)}`),
  );
  const tokens = [...new Set([...special, ...bytes, '\u2581', ...LETTERS, ...SIGNS, ...words])];
  const type = (token: string): number =>
    token === '<unk>' ? 2 : special.includes(token) ? 3 : bytes.includes(token) ? 6 : 1;
  return {
    size: tokens.length,
    entries: [
      ['tokenizer.ggml.model', 'string', model],
      ['tokenizer.ggml.tokens', 'strings', tokens],
      ['tokenizer.ggml.scores', 'f32s', tokens.map((token) => (token.length > 2 ? -token.length / 4 : -10))],
      ['tokenizer.ggml.token_type', 'i32s', tokens.map(type)],
      ['tokenizer.ggml.bos_token_id', 'u32', tokens.indexOf('<s>')],
      ['tokenizer.ggml.eos_token_id', 'u32', tokens.indexOf('</s>')],
      ['tokenizer.ggml.unknown_token_id', 'u32', tokens.indexOf('<unk>')],
      ['tokenizer.ggml.padding_token_id', 'u32', tokens.indexOf('<pad>')],
      ['tokenizer.ggml.add_space_prefix', 'bool', true],
      ['tokenizer.ggml.add_bos_token', 'bool', true],
      ['tokenizer.ggml.add_eos_token', 'bool', true],
    ],
  };
}

/** How byte-pair vocabularies write bytes. Source: GPT-2, bytes_to_unicode. */
function byteLetters(): string[] {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const shown = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    return String.fromCodePoint(shown ? byte : next++);
  });
}

function bytePairs(pre: string, ends: 'both' | 'none'): Vocabulary {
  const base = byteLetters();
  const space = base[32]!;
  const merges: string[] = [];
  const merged: string[] = [];
  for (const word of WORDS) {
    for (let length = 1; length <= word.length; length++) {
      const left = space + word.slice(0, length - 1);
      const token = left + word[length - 1]!;
      if (!merged.includes(token)) {
        merged.push(token);
        merges.push(`${left} ${word[length - 1]!}`);
      }
    }
  }
  const special = ['<|endoftext|>', '<s>', '</s>'];
  const tokens = [...base, ...merged, ...special];
  return {
    size: tokens.length,
    isBytePairs: true,
    entries: [
      ['tokenizer.ggml.model', 'string', 'gpt2'],
      ['tokenizer.ggml.pre', 'string', pre],
      ['tokenizer.ggml.tokens', 'strings', tokens],
      ['tokenizer.ggml.token_type', 'i32s', tokens.map((token) => (special.includes(token) ? 3 : 1))],
      ['tokenizer.ggml.merges', 'strings', merges],
      ['tokenizer.ggml.bos_token_id', 'u32', tokens.indexOf('<s>')],
      ['tokenizer.ggml.eos_token_id', 'u32', tokens.indexOf('</s>')],
      ['tokenizer.ggml.add_bos_token', 'bool', ends === 'both'],
      ['tokenizer.ggml.add_eos_token', 'bool', ends === 'both'],
    ],
  };
}

const POOLING = { mean: 1, cls: 2, last: 3 } as const;

function entries(
  architecture: string,
  pooling: TinyModel['pooling'],
  vocabulary: Vocabulary,
  more: readonly (readonly [string, 'u32' | 'f32' | 'bool', number | boolean])[],
): Entry[] {
  const layers = architecture === 'gemma-embedding' ? GEMMA_LAYERS : LAYERS;
  const own = (key: string): string => `${architecture}.${key}`;
  return [
    ['general.architecture', 'string', architecture],
    ['general.name', 'string', `tiny ${architecture}`],
    ['general.file_type', 'u32', 0],
    [own('block_count'), 'u32', layers],
    [own('context_length'), 'u32', CONTEXT],
    [own('embedding_length'), 'u32', D],
    [own('feed_forward_length'), 'u32', FFN],
    [own('attention.head_count'), 'u32', HEADS],
    [own('pooling_type'), 'u32', POOLING[pooling]],
    // Asked for by every encoder that has a table of token types.
    ['tokenizer.ggml.token_type_count', 'u32', 2],
    ...more.map(([key, type, value]) => [own(key), type, value] as Entry),
    ...vocabulary.entries,
  ];
}

function bert(vocabulary: Vocabulary): Tensor[] {
  const all = new Tensors()
    .weight('token_embd', D, vocabulary.size)
    .weight('position_embd', D, CONTEXT)
    .weight('token_types', D, 2)
    .norm('token_embd_norm', D, true);
  return all.each((p) => {
    for (const name of ['attn_q', 'attn_k', 'attn_v', 'attn_output'])
      all.weight(p + name, D, D).bias(p + name, D);
    all.norm(`${p}attn_output_norm`, D, true);
    all.weight(`${p}ffn_up`, D, FFN).bias(`${p}ffn_up`, FFN);
    all.weight(`${p}ffn_down`, FFN, D).bias(`${p}ffn_down`, D);
    all.norm(`${p}layer_output_norm`, D, true);
  }).list;
}

const EXPERTS = 4;

function nomicBert(vocabulary: Vocabulary, isMoe: boolean): Tensor[] {
  const all = new Tensors()
    .weight('token_embd', D, vocabulary.size)
    .weight('token_types', D, 2)
    .norm('token_embd_norm', D, true);
  return all.each((p, index) => {
    all.weight(`${p}attn_qkv`, D, 3 * D).weight(`${p}attn_output`, D, D);
    if (isMoe) all.bias(`${p}attn_qkv`, 3 * D).bias(`${p}attn_output`, D);
    all.norm(`${p}attn_output_norm`, D, true);
    if (!isMoe) {
      all.weight(`${p}ffn_up`, D, FFN).weight(`${p}ffn_gate`, D, FFN).weight(`${p}ffn_down`, FFN, D);
    } else if (index % 2 === 1) {
      all.weight(`${p}ffn_gate_inp`, D, EXPERTS);
      all.weight(`${p}ffn_up_exps`, D, FFN, EXPERTS).weight(`${p}ffn_down_exps`, FFN, D, EXPERTS);
    } else {
      all.weight(`${p}ffn_up`, D, FFN).bias(`${p}ffn_up`, FFN);
      all.weight(`${p}ffn_down`, FFN, D).bias(`${p}ffn_down`, D);
    }
    all.norm(`${p}layer_output_norm`, D, true);
  }).list;
}

const KV_HEADS = 2;
const HEAD = D / HEADS;

function qwen(vocabulary: Vocabulary, version: 2 | 3): Tensor[] {
  const all = new Tensors().weight('token_embd', D, vocabulary.size).norm('output_norm', D);
  return all.each((p) => {
    all.norm(`${p}attn_norm`, D).weight(`${p}attn_q`, D, D).weight(`${p}attn_output`, D, D);
    all.weight(`${p}attn_k`, D, KV_HEADS * HEAD).weight(`${p}attn_v`, D, KV_HEADS * HEAD);
    if (version === 2)
      all
        .bias(`${p}attn_q`, D)
        .bias(`${p}attn_k`, KV_HEADS * HEAD)
        .bias(`${p}attn_v`, KV_HEADS * HEAD);
    else all.norm(`${p}attn_q_norm`, HEAD).norm(`${p}attn_k_norm`, HEAD);
    all.norm(`${p}ffn_norm`, D).weight(`${p}ffn_gate`, D, FFN).weight(`${p}ffn_up`, D, FFN);
    all.weight(`${p}ffn_down`, FFN, D);
  }).list;
}

/** Every sixth layer looks at the whole text; llama.cpp aborts where none does. */
const GEMMA_LAYERS = 6;

function gemma(vocabulary: Vocabulary): Tensor[] {
  const all = new Tensors().weight('token_embd', D, vocabulary.size).norm('output_norm', D);
  return all.each((p) => {
    all.norm(`${p}attn_norm`, D).weight(`${p}attn_q`, D, D).weight(`${p}attn_output`, D, D);
    all.weight(`${p}attn_k`, D, KV_HEADS * HEAD).weight(`${p}attn_v`, D, KV_HEADS * HEAD);
    all.norm(`${p}attn_q_norm`, HEAD).norm(`${p}attn_k_norm`, HEAD).norm(`${p}post_attention_norm`, D);
    all.norm(`${p}ffn_norm`, D).weight(`${p}ffn_gate`, D, FFN).weight(`${p}ffn_up`, D, FFN);
    all.weight(`${p}ffn_down`, FFN, D).norm(`${p}post_ffw_norm`, D);
  }, GEMMA_LAYERS).list;
}

function modernBert(vocabulary: Vocabulary): Tensor[] {
  const all = new Tensors()
    .weight('token_embd', D, vocabulary.size)
    .norm('token_embd_norm', D)
    .norm('output_norm', D);
  return all.each((p, index) => {
    if (index > 0) all.norm(`${p}attn_norm`, D);
    all
      .weight(`${p}attn_qkv`, D, 3 * D)
      .weight(`${p}attn_output`, D, D)
      .norm(`${p}ffn_norm`, D);
    all.weight(`${p}ffn_up`, D, 2 * FFN).weight(`${p}ffn_down`, FFN, D);
  }).list;
}

const ENCODER = [
  ['attention.layer_norm_epsilon', 'f32', 1e-12],
  ['attention.causal', 'bool', false],
] as const;
const DECODER = [
  ['attention.layer_norm_rms_epsilon', 'f32', 1e-6],
  ['attention.head_count_kv', 'u32', KV_HEADS],
  ['rope.freq_base', 'f32', 10_000],
] as const;

function tiny(
  kind: string,
  architecture: string,
  pooling: TinyModel['pooling'],
  vocabulary: Vocabulary,
  special: number,
  tensors: Tensor[],
  more: Parameters<typeof entries>[3],
): TinyModel {
  return {
    kind,
    architecture,
    pooling,
    isCausal: architecture.startsWith('qwen'),
    special,
    // Byte pairs have the space in front of a word, which the first word lacks: it is spelled out.
    plainTokens: vocabulary.isBytePairs ? 8 : 6,
    bytes: () => gguf({ entries: entries(architecture, pooling, vocabulary, more), tensors }),
  };
}

const words = wordPiece();
const unigram = sentencePiece('t5');
const spm = sentencePiece('llama');
const roberta = bytePairs('roberta-bpe', 'both');
const qwenPairs = bytePairs('qwen2', 'none');
const modernPairs = bytePairs('gpt-2', 'both');

export const TINY_MODELS: readonly TinyModel[] = [
  tiny('BERT with WordPiece, first token', 'bert', 'cls', words, 2, bert(words), ENCODER),
  tiny('BERT with a unigram vocabulary (XLM-RoBERTa)', 'bert', 'mean', unigram, 2, bert(unigram), ENCODER),
  tiny('BERT with byte pairs (RoBERTa)', 'bert', 'cls', roberta, 2, bert(roberta), ENCODER),
  tiny('Nomic BERT', 'nomic-bert', 'mean', words, 2, nomicBert(words, false), [
    ...ENCODER,
    ['rope.freq_base', 'f32', 1000],
  ]),
  tiny('Nomic BERT with experts', 'nomic-bert-moe', 'mean', unigram, 2, nomicBert(unigram, true), [
    ...ENCODER,
    ['rope.freq_base', 'f32', 10_000],
    ['moe_every_n_layers', 'u32', 2],
    ['expert_count', 'u32', EXPERTS],
    ['expert_used_count', 'u32', 2],
  ]),
  tiny('ModernBERT', 'modern-bert', 'cls', modernPairs, 2, modernBert(modernPairs), [
    ['attention.layer_norm_epsilon', 'f32', 1e-5],
    ['attention.causal', 'bool', false],
    ['attention.sliding_window', 'u32', 64],
    ['rope.freq_base', 'f32', 160_000],
  ]),
  tiny('EmbeddingGemma', 'gemma-embedding', 'mean', spm, 2, gemma(spm), [
    ...DECODER,
    ['attention.key_length', 'u32', HEAD],
    ['attention.value_length', 'u32', HEAD],
    ['attention.sliding_window', 'u32', 64],
  ]),
  tiny('Qwen 2, last token', 'qwen2', 'last', qwenPairs, 0, qwen(qwenPairs, 2), DECODER),
  tiny('Qwen 3, last token', 'qwen3', 'last', qwenPairs, 0, qwen(qwenPairs, 3), [
    ...DECODER,
    ['attention.key_length', 'u32', HEAD],
    ['attention.value_length', 'u32', HEAD],
  ]),
];
