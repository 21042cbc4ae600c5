import type { Pooling, TextNormalization } from './types.js';

/** What a model's card says and its GGUF file does not. */
export interface ModelProfile {
  /** `general.name` in lower case with `-` for everything that is neither letter nor digit. */
  readonly name: string;
  readonly architecture: string;
  readonly dimensions: number;
  readonly pooling: Pooling;
  /** Tokens, special ones counted. */
  readonly tokenLimit: number;
  readonly queryPrefix: string;
  readonly documentPrefix: string;
  readonly normalization: TextNormalization;
  readonly source: string;
}

const bgeEnglish = (name: string, dimensions: number): ModelProfile => ({
  name: `bge-${name}-en-v1-5`,
  architecture: 'bert',
  dimensions,
  pooling: 'cls',
  tokenLimit: 512,
  queryPrefix: 'Represent this sentence for searching relevant passages: ',
  documentPrefix: '',
  normalization: 'nfd-without-marks',
  source: `https://huggingface.co/BAAI/bge-${name}-en-v1.5`,
});

const PROFILES: readonly ModelProfile[] = [
  {
    name: 'all-minilm-l6-v2',
    architecture: 'bert',
    dimensions: 384,
    pooling: 'mean',
    tokenLimit: 256,
    queryPrefix: '',
    documentPrefix: '',
    normalization: 'nfd-without-marks',
    source: 'https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2',
  },
  bgeEnglish('small', 384),
  bgeEnglish('base', 768),
  bgeEnglish('large', 1024),
  {
    name: 'nomic-embed-text-v1-5',
    architecture: 'nomic-bert',
    dimensions: 768,
    pooling: 'mean',
    tokenLimit: 2048,
    queryPrefix: 'search_query: ',
    documentPrefix: 'search_document: ',
    normalization: 'nfd-without-marks',
    source: 'https://huggingface.co/nomic-ai/nomic-embed-text-v1.5-GGUF',
  },
  {
    name: 'nomic-embed-code',
    architecture: 'qwen2',
    dimensions: 3584,
    pooling: 'last',
    tokenLimit: 32_768,
    queryPrefix: 'Represent this query for searching relevant code: ',
    documentPrefix: '',
    normalization: 'none',
    source: 'https://huggingface.co/nomic-ai/nomic-embed-code-GGUF',
  },
];

/** The profile of a model by what its file says; a converter may put the owner in front of the name. */
export function findProfile(
  architecture: string,
  name: string,
  dimensions: number,
): ModelProfile | undefined {
  const plain = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  return PROFILES.find(
    (profile) =>
      profile.architecture === architecture &&
      profile.dimensions === dimensions &&
      (plain === profile.name || plain.endsWith(`-${profile.name}`)),
  );
}
