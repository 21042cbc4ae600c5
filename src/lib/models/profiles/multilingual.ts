import type { ModelProfile } from './types.js';

const HUB = 'https://huggingface.co';

/** XLM-RoBERTa: BERT's layers with a unigram vocabulary of a hundred languages. */
const XLM_ROBERTA = {
  architecture: 'bert',
  tokenizer: 't5',
  vocabulary: 250_002,
  queryPrefix: '',
  documentPrefix: '',
} as const;

function e5(size: string, dimensions: number, parameters: number): ModelProfile {
  const name = `multilingual-e5-${size}`;
  return {
    ...XLM_ROBERTA,
    name,
    dimensions,
    pooling: 'mean',
    tokenLimit: 512,
    queryPrefix: 'query: ',
    documentPrefix: 'passage: ',
    parameters,
    licence: 'MIT',
    card: `${HUB}/intfloat/${name}`,
  };
}

function graniteMultilingual(size: string, dimensions: number, parameters: number): ModelProfile {
  const name = `granite-embedding-${size}-multilingual`;
  return {
    ...XLM_ROBERTA,
    name,
    dimensions,
    pooling: 'cls',
    tokenLimit: 512,
    parameters,
    licence: 'Apache-2.0',
    card: `${HUB}/ibm-granite/${name}`,
  };
}

function qwen3(size: string, dimensions: number, parameters: number, quantization: string): ModelProfile {
  const name = `Qwen3-Embedding-${size}`;
  return {
    name,
    architecture: 'qwen3',
    tokenizer: 'gpt2',
    vocabulary: 151_669,
    dimensions,
    pooling: 'last',
    tokenLimit: 32_768,
    queryPrefix:
      'Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:',
    documentPrefix: '',
    matryoshka: { from: 32 },
    lastToken: '<|endoftext|>',
    parameters,
    licence: 'Apache-2.0',
    card: `${HUB}/Qwen/${name}`,
    download: { repository: `Qwen/${name}-GGUF`, file: `${name}-${quantization}.gguf` },
  };
}

export const MULTILINGUAL: readonly ModelProfile[] = [
  {
    ...XLM_ROBERTA,
    name: 'bge-m3',
    dimensions: 1024,
    pooling: 'cls',
    tokenLimit: 8192,
    parameters: 568,
    licence: 'MIT',
    card: `${HUB}/BAAI/bge-m3`,
    download: { repository: 'ggml-org/bge-m3-Q8_0-GGUF', file: 'bge-m3-q8_0.gguf' },
  },
  {
    ...XLM_ROBERTA,
    name: 'nomic-embed-text-v2-moe',
    architecture: 'nomic-bert-moe',
    dimensions: 768,
    pooling: 'mean',
    tokenLimit: 512,
    queryPrefix: 'search_query: ',
    documentPrefix: 'search_document: ',
    matryoshka: [256],
    parameters: 475,
    licence: 'Apache-2.0',
    card: `${HUB}/nomic-ai/nomic-embed-text-v2-moe`,
    download: {
      repository: 'nomic-ai/nomic-embed-text-v2-moe-GGUF',
      file: 'nomic-embed-text-v2-moe.Q8_0.gguf',
    },
  },
  {
    name: 'embeddinggemma-300m',
    architecture: 'gemma-embedding',
    tokenizer: 'llama',
    vocabulary: 262_144,
    dimensions: 768,
    pooling: 'mean',
    tokenLimit: 2048,
    queryPrefix: 'task: search result | query: ',
    documentPrefix: 'title: none | text: ',
    matryoshka: [512, 256, 128],
    // Two linear layers behind the pooling; a file that was converted without them gives other vectors.
    neededTensors: ['dense_2.weight', 'dense_3.weight'],
    parameters: 308,
    licence: 'Gemma terms of use',
    card: `${HUB}/google/embeddinggemma-300m`,
    download: {
      repository: 'ggml-org/embeddinggemma-300M-GGUF',
      file: 'embeddinggemma-300M-Q8_0.gguf',
    },
  },
  qwen3('0.6B', 1024, 596, 'Q8_0'),
  qwen3('4B', 2560, 4022, 'Q4_K_M'),
  qwen3('8B', 4096, 7568, 'Q4_K_M'),
  {
    ...XLM_ROBERTA,
    name: 'snowflake-arctic-embed-l-v2.0',
    dimensions: 1024,
    pooling: 'cls',
    tokenLimit: 8192,
    queryPrefix: 'query: ',
    matryoshka: [256],
    parameters: 568,
    licence: 'Apache-2.0',
    card: `${HUB}/Snowflake/snowflake-arctic-embed-l-v2.0`,
  },
  e5('small', 384, 118),
  e5('base', 768, 278),
  e5('large', 1024, 560),
  graniteMultilingual('107m', 384, 107),
  graniteMultilingual('278m', 768, 278),
];
