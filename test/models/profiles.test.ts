import { describe, expect, it } from 'vitest';
import { canBeCutTo, findProfile, PROFILES, profileByName, sourceOf } from '#dist/lib/models/profiles.js';

const FACTS = [
  'architecture',
  'vocabulary',
  'dimensions',
  'pooling',
  'tokenLimit',
  'queryPrefix',
  'documentPrefix',
  'matryoshka',
  'licence',
  'parameters',
] as const;

describe('the profiles', () => {
  it('know the models that people use', () => {
    const names = PROFILES.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const family of [
      'all-MiniLM-L6-v2',
      'bge-small-en-v1.5',
      'bge-base-en-v1.5',
      'bge-large-en-v1.5',
      'bge-m3',
      'nomic-embed-text-v1.5',
      'nomic-embed-text-v2-moe',
      'nomic-embed-code',
      'CodeRankEmbed',
      'embeddinggemma-300m',
      'Qwen3-Embedding-0.6B',
      'Qwen3-Embedding-4B',
      'Qwen3-Embedding-8B',
      'jina-code-embeddings-0.5b',
      'jina-code-embeddings-1.5b',
      'snowflake-arctic-embed-m',
      'multilingual-e5-base',
      'granite-embedding-125m-english',
      'gte-base',
    ])
      expect(names).toContain(family);
  });

  it.each(PROFILES.map((profile) => [profile.name, profile] as const))('%s is whole', (name, profile) => {
    for (const fact of FACTS) expect(sourceOf(profile, fact)).toMatch(/^https:\/\/[\w.]+\/\S+$/);
    expect(profile.licence).not.toBe('');
    expect(profile.parameters).toBeGreaterThan(10);
    expect(profile.dimensions % 32).toBe(0);
    expect(canBeCutTo(profile, profile.dimensions)).toBe(true);
    expect(canBeCutTo(profile, profile.dimensions + 1)).toBe(false);
    if (profile.download) expect(profile.download.file).toMatch(/^[\w.-]+\.gguf$/);
    // Nobody else's marks: each finds itself.
    const marks = {
      architecture: profile.architecture,
      names: [`Owner/${name}`],
      dimensions: profile.dimensions,
      tokenizer: profile.tokenizer,
      vocabulary: profile.vocabulary,
    };
    expect(findProfile(marks)).toBe(profile);
    expect(findProfile({ ...marks, architecture: 'llama' })).toBeUndefined();
    expect(profileByName(name.toUpperCase())).toBe(profile);
  });

  it('cut only to the dimensions that the card names', () => {
    const nomic = profileByName('nomic-embed-text-v1.5')!;
    expect([768, 512, 256, 128, 64].every((dimensions) => canBeCutTo(nomic, dimensions))).toBe(true);
    expect(canBeCutTo(nomic, 100)).toBe(false);
    const qwen = profileByName('qwen3-embedding-0.6b')!;
    expect(canBeCutTo(qwen, 32)).toBe(true);
    expect(canBeCutTo(qwen, 31)).toBe(false);
    expect(canBeCutTo(profileByName('bge-m3')!, 512)).toBe(false);
  });
});
