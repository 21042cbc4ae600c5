import type { ModelProfile } from './types.js';

const HUB = 'https://huggingface.co';

const FOR_CODE = 'Represent this query for searching relevant code: ';

function jinaCode(
  size: string,
  dimensions: number,
  matryoshka: readonly number[],
  parameters: number,
): ModelProfile {
  const name = `jina-code-embeddings-${size}`;
  return {
    name,
    architecture: 'qwen2',
    tokenizer: 'gpt2',
    vocabulary: 151_936,
    dimensions,
    pooling: 'last',
    tokenLimit: 32_768,
    queryPrefix: 'Find the most relevant code snippet given the following query:\n',
    documentPrefix: 'Candidate code snippet:\n',
    matryoshka,
    parameters,
    licence: 'CC-BY-NC-4.0',
    card: `${HUB}/jinaai/${name}`,
    sources: { pooling: 'https://arxiv.org/abs/2508.21290' },
    download: { repository: `jinaai/${name}-GGUF`, file: `${name}-Q8_0.gguf` },
  };
}

export const CODE: readonly ModelProfile[] = [
  {
    name: 'nomic-embed-code',
    architecture: 'qwen2',
    tokenizer: 'gpt2',
    vocabulary: 152_064,
    dimensions: 3584,
    pooling: 'last',
    tokenLimit: 32_768,
    queryPrefix: FOR_CODE,
    documentPrefix: '',
    parameters: 7071,
    licence: 'Apache-2.0',
    card: `${HUB}/nomic-ai/nomic-embed-code`,
    download: { repository: 'nomic-ai/nomic-embed-code-GGUF', file: 'nomic-embed-code.Q4_K_M.gguf' },
  },
  {
    name: 'CodeRankEmbed',
    architecture: 'nomic-bert',
    tokenizer: 'bert',
    vocabulary: 30_522,
    dimensions: 768,
    pooling: 'cls',
    // More needs a scaling of its positions that llama.cpp does not apply by itself.
    tokenLimit: 2048,
    queryPrefix: FOR_CODE,
    documentPrefix: '',
    normalization: 'nfd-without-marks',
    parameters: 137,
    licence: 'MIT',
    card: `${HUB}/nomic-ai/CodeRankEmbed`,
  },
  jinaCode('0.5b', 896, [512, 256, 128, 64], 494),
  jinaCode('1.5b', 1536, [1024, 512, 256, 128], 1544),
];
