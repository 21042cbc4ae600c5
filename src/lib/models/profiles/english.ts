import type { ModelProfile } from './types.js';

const HUB = 'https://huggingface.co';

/** Models of BERT's own vocabulary, uncased. */
const BERT = {
  architecture: 'bert',
  tokenizer: 'bert',
  vocabulary: 30_522,
  normalization: 'nfd-without-marks',
  tokenLimit: 512,
  queryPrefix: '',
  documentPrefix: '',
} as const;

function bge(size: string, dimensions: number, parameters: number): ModelProfile {
  const name = `bge-${size}-en-v1.5`;
  return {
    ...BERT,
    name,
    dimensions,
    pooling: 'cls',
    queryPrefix: 'Represent this sentence for searching relevant passages: ',
    parameters,
    licence: 'MIT',
    card: `${HUB}/BAAI/${name}`,
    download: { repository: `CompendiumLabs/${name}-gguf`, file: `${name}-q8_0.gguf` },
  };
}

function arctic(size: string, dimensions: number, parameters: number): ModelProfile {
  const name = `snowflake-arctic-embed-${size}`;
  return {
    ...BERT,
    name,
    dimensions,
    pooling: 'cls',
    queryPrefix: 'Represent this sentence for searching relevant passages: ',
    parameters,
    licence: 'Apache-2.0',
    card: `${HUB}/Snowflake/${name}`,
  };
}

function gte(size: string, dimensions: number, parameters: number): ModelProfile {
  const name = `gte-${size}`;
  return {
    ...BERT,
    name,
    dimensions,
    pooling: 'mean',
    parameters,
    licence: 'MIT',
    card: `${HUB}/thenlper/${name}`,
  };
}

/** RoBERTa: BERT's layers with a byte-pair vocabulary. */
function graniteEnglish(size: string, dimensions: number, parameters: number): ModelProfile {
  const name = `granite-embedding-${size}-english`;
  return {
    name,
    architecture: 'bert',
    tokenizer: 'gpt2',
    vocabulary: 50_265,
    dimensions,
    pooling: 'cls',
    tokenLimit: 512,
    queryPrefix: '',
    documentPrefix: '',
    parameters,
    licence: 'Apache-2.0',
    card: `${HUB}/ibm-granite/${name}`,
  };
}

const MODERN_BERT = {
  architecture: 'modern-bert',
  tokenizer: 'gpt2',
  vocabulary: 50_368,
  pooling: 'cls',
  tokenLimit: 8192,
  queryPrefix: '',
  documentPrefix: '',
  licence: 'Apache-2.0',
} as const;

export const ENGLISH: readonly ModelProfile[] = [
  {
    ...BERT,
    name: 'all-MiniLM-L6-v2',
    dimensions: 384,
    pooling: 'mean',
    tokenLimit: 256,
    parameters: 23,
    licence: 'Apache-2.0',
    card: `${HUB}/sentence-transformers/all-MiniLM-L6-v2`,
  },
  bge('small', 384, 33),
  bge('base', 768, 109),
  bge('large', 1024, 335),
  {
    ...BERT,
    name: 'nomic-embed-text-v1.5',
    architecture: 'nomic-bert',
    dimensions: 768,
    pooling: 'mean',
    tokenLimit: 2048,
    queryPrefix: 'search_query: ',
    documentPrefix: 'search_document: ',
    matryoshka: [512, 256, 128, 64],
    layerNormBeforeCut: true,
    parameters: 137,
    licence: 'Apache-2.0',
    card: `${HUB}/nomic-ai/nomic-embed-text-v1.5`,
    // The model reads 8,192 tokens with a scaling of its positions that llama.cpp does not apply by itself.
    sources: { tokenLimit: `${HUB}/nomic-ai/nomic-embed-text-v1.5-GGUF` },
    download: {
      repository: 'nomic-ai/nomic-embed-text-v1.5-GGUF',
      file: 'nomic-embed-text-v1.5.Q8_0.gguf',
    },
  },
  arctic('xs', 384, 23),
  arctic('s', 384, 33),
  arctic('m', 768, 109),
  { ...arctic('m-v1.5', 768, 109), matryoshka: [256] },
  arctic('l', 1024, 335),
  { ...arctic('m-long', 768, 137), architecture: 'nomic-bert', tokenLimit: 2048 },
  gte('small', 384, 33),
  gte('base', 768, 109),
  gte('large', 1024, 335),
  {
    ...MODERN_BERT,
    name: 'gte-modernbert-base',
    dimensions: 768,
    parameters: 149,
    card: `${HUB}/Alibaba-NLP/gte-modernbert-base`,
  },
  graniteEnglish('30m', 384, 30),
  graniteEnglish('125m', 768, 125),
  {
    ...MODERN_BERT,
    name: 'granite-embedding-english-r2',
    dimensions: 768,
    parameters: 149,
    card: `${HUB}/ibm-granite/granite-embedding-english-r2`,
  },
  {
    ...MODERN_BERT,
    name: 'granite-embedding-small-english-r2',
    dimensions: 384,
    parameters: 47,
    card: `${HUB}/ibm-granite/granite-embedding-small-english-r2`,
  },
];
