import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeModel } from '#dist/lib/models/model-spec.js';
import { shippedModelPath } from '#dist/lib/models/resolve-model.js';
import { verifies } from '../house/promises.js';
import { EMBEDDING_ENTRIES, entriesWith, gguf, type Entry, type Layout } from './gguf-writer.js';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'embed-search-spec-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function write(layout: Layout, name = 'model.gguf'): string {
  const file = path.join(folder, name);
  writeFileSync(file, gguf(layout));
  return file;
}

const changed = (...entries: Entry[]): Layout => ({
  entries: entriesWith(Object.fromEntries(entries.map((entry) => [entry[0], entry]))),
});

const architecture = (name: string, ...more: Entry[]): Layout => {
  const usual: Entry[] = [
    ['general.architecture', 'string', name],
    [`${name}.context_length`, 'u32', 4096],
    [`${name}.embedding_length`, 'u32', 3584],
    ['tokenizer.ggml.model', 'string', 'gpt2'],
  ];
  return { entries: [...new Map([...usual, ...more].map((entry) => [entry[0], entry])).values()] };
};

const vocabulary = (size: number): Entry => [
  'tokenizer.ggml.tokens',
  'strings',
  Array.from({ length: size }, (_, index) => `\u2581${index}`),
];

describe('the model that ships', () => {
  it('is taken at 256 tokens with mean pooling, as it was published', async () => {
    expect(await describeModel(shippedModelPath())).toMatchObject({
      id: 'all-MiniLM-L6-v2.Q8_0',
      bytes: 25_279_424,
      sha256: 'f2bc475397e764fc174f5ca684d46ab2b50c6969286c615f559058d26bd2879f',
      architecture: 'bert',
      dimensions: 384,
      pooling: 'mean',
      tokenLimit: 256,
      queryPrefix: '',
      documentPrefix: '',
      normalization: 'nfd-without-marks',
    });
  });

  it('is not hashed again when its path, size and time are known', async () => {
    const spec = await describeModel(shippedModelPath());
    const known = { ...spec, sha256: 'as noted' };
    expect((await describeModel(shippedModelPath(), known)).sha256).toBe('as noted');
    expect((await describeModel(shippedModelPath(), { ...known, mtimeMs: 1 })).sha256).toBe(spec.sha256);
    expect((await describeModel(shippedModelPath(), { ...known, bytes: 1 })).sha256).toBe(spec.sha256);
    expect((await describeModel(shippedModelPath(), { ...known, path: '/elsewhere' })).sha256).toBe(
      spec.sha256,
    );
  });
});

describe('an unknown embedding model', () => {
  it('says what was assumed of it, and nothing that the user has said', async () => {
    const { notes } = await describeModel(write({}));
    expect(notes.join()).toMatch(/not among the models known here: pooling mean and at most 512 tokens/);
    expect(notes.join()).toMatch(/no prefix before queries or documents.*--query-prefix, --document-prefix/);
    const said = await describeModel(write({}), undefined, { queryPrefix: 'query: ', documentPrefix: '' });
    expect(said.queryPrefix).toBe('query: ');
    expect(said.notes.join()).not.toMatch(/prefix/);
  });

  it('may be cut, with a warning', async () => {
    const spec = await describeModel(write({}), undefined, { dimensions: 4 });
    expect(spec).toMatchObject({ dimensions: 4, embeddingLength: 8, cut: 'plain' });
    expect(spec.notes.join()).toContain('Matryoshka');
  });

  it('runs by what its own metadata says', async () => {
    expect(await describeModel(write({}))).toMatchObject({
      id: 'Tiny-Test.F32',
      dimensions: 8,
      pooling: 'mean',
      tokenLimit: 512,
      queryPrefix: '',
      documentPrefix: '',
    });
  });

  it.each([
    [1, 'mean'],
    [2, 'cls'],
    [3, 'last'],
  ] as const)('pools by its key: %i is %s', async (key, pooling) => {
    expect((await describeModel(write(changed(['bert.pooling_type', 'u32', key])))).pooling).toBe(pooling);
  });

  it('has marks taken off its text when its WordPiece vocabulary is uncased, and only then', async () => {
    const cased = changed(['tokenizer.ggml.tokens', 'strings', ['[PAD]', '\u2581the', '\u2581The']]);
    expect((await describeModel(write({}))).normalization).toBe('nfd-without-marks');
    expect((await describeModel(write(cased))).normalization).toBe('none');
    expect(
      (await describeModel(write(changed(['tokenizer.ggml.model', 'string', 't5'])))).normalization,
    ).toBe('none');
  });

  it('goes by its file name when it has no name or no known kind of weights', async () => {
    const nameless = { entries: entriesWith({ 'general.name': undefined }) };
    expect((await describeModel(write(nameless, 'My Model.gguf'))).id).toBe('My Model');
    expect((await describeModel(write(changed(['general.file_type', 'u32', 999]), 'b.gguf'))).id).toBe('b');
  });

  it('cannot write to a terminal through its name', async () => {
    const spec = await describeModel(write(changed(['general.name', 'string', 'a\u001b[31m\nb'])));
    expect(spec.id).toBe('a-31m-b.F32');
  });
});

describe('a model with a profile', () => {
  it('gets the prefixes of its card whatever its file is called', async () => {
    const entries = changed(
      ['general.name', 'string', 'BAAI/bge-small-en-v1.5'],
      ['bert.embedding_length', 'u32', 384],
      ['bert.pooling_type', 'u32', 2],
      vocabulary(30_522),
    );
    expect(await describeModel(write(entries, 'x.gguf'))).toMatchObject({
      queryPrefix: 'Represent this sentence for searching relevant passages: ',
      documentPrefix: '',
      pooling: 'cls',
      tokenLimit: 512,
    });
  });

  it('is not mistaken for one of another size, vocabulary or architecture, nor by the name of its file', async () => {
    verifies('profile-by-metadata');
    const named = ['general.name', 'string', 'bge-small-en-v1.5'] as const;
    const size = ['bert.embedding_length', 'u32', 384] as const;
    const files = [
      write(changed(named, vocabulary(30_522))),
      write(changed(named, size, vocabulary(250_002)), 'other-vocabulary.gguf'),
      write(changed(named, size, vocabulary(30_522), ['tokenizer.ggml.model', 'string', 't5']), 't5.gguf'),
      write(changed(size, vocabulary(30_522)), 'bge-small-en-v1.5.gguf'),
    ];
    for (const file of files) expect((await describeModel(file)).profile, file).toBeNull();
  });

  it('is known where the file names it in the parts of the GGUF naming convention', async () => {
    const entries = changed(
      ['general.name', 'string', 'model'],
      ['general.basename', 'string', 'bge-small'],
      ['general.finetune', 'string', 'en-v1.5'],
      ['bert.embedding_length', 'u32', 384],
      vocabulary(30_528),
    );
    expect((await describeModel(write(entries))).profile).toBe('bge-small-en-v1.5');
  });

  it('is pooled as its card says where its file says otherwise, and that is noted', async () => {
    const entries = changed(
      ['general.name', 'string', 'bge-small-en-v1.5'],
      ['bert.embedding_length', 'u32', 384],
      ['bert.pooling_type', 'u32', 1],
      vocabulary(30_522),
    );
    const spec = await describeModel(write(entries));
    expect(spec.pooling).toBe('cls');
    expect(spec.notes.join()).toMatch(/file says pooling mean.*says cls/);
    expect(await describeModel(write(entries), undefined, { pooling: 'mean' })).toMatchObject({
      pooling: 'mean',
      notes: [],
    });
  });

  it('is cut only to dimensions that it was trained for', async () => {
    const nomic = architecture(
      'nomic-bert',
      ['general.name', 'string', 'nomic-embed-text-v1.5'],
      ['nomic-bert.embedding_length', 'u32', 768],
      ['tokenizer.ggml.model', 'string', 'bert'],
      vocabulary(30_528),
    );
    const file = write(nomic);
    expect(await describeModel(file, undefined, { dimensions: 256 })).toMatchObject({
      dimensions: 256,
      embeddingLength: 768,
      cut: 'layer-norm',
    });
    for (const dimensions of [100, 1000]) {
      await expect(describeModel(file, undefined, { dimensions })).rejects.toMatchObject({
        code: 'MODEL_UNSUITABLE',
        fix: expect.stringMatching(/512|768/),
      });
    }
  });

  it('pools by the profile where its file is silent and llama.cpp gives the last token', async () => {
    const spec = await describeModel(
      write(architecture('qwen2', ['general.name', 'string', 'Nomic Embed Code'], vocabulary(151_665))),
    );
    expect(spec).toMatchObject({ pooling: 'last', tokenLimit: 4096, normalization: 'none' });
    expect(spec.queryPrefix).toBe('Represent this query for searching relevant code: ');
  });
});

it.each([
  ['a generative model', architecture('llama')],
  ['a reranker', changed(['bert.pooling_type', 'u32', 4])],
])('%s is taken where the user says how it pools', async (_, layout) => {
  const spec = await describeModel(write(layout), undefined, { pooling: 'last' });
  expect(spec.pooling).toBe('last');
});

describe('a model that gives no text embeddings is refused', () => {
  const pooling = (value: number): Layout => changed(['bert.pooling_type', 'u32', value]);
  it.each<[string, Layout, RegExp]>([
    ['a generative one', architecture('llama'), /does not say how it pools/],
    ['one without pooling', pooling(0), /pooling type "0"/],
    ['a reranker', pooling(4), /reranking/],
    ['one of an unknown pooling', pooling(77), /pooling type "77"/],
    ['a LoRA adapter', changed(['general.type', 'string', 'adapter']), /a part for one \("adapter"\)/],
    ['one part of a split model', changed(['split.count', 'u32', 3]), /one of the 3 parts/],
    ['a bare vocabulary', { tensors: [] }, /no weights/],
  ])('%s', async (_, layout, says) => {
    verifies('bad-model-refused');
    await expect(describeModel(write(layout))).rejects.toMatchObject({
      code: 'MODEL_UNSUITABLE',
      exitCode: 4,
      message: expect.stringMatching(says),
      fix: expect.stringMatching(/\w/),
    });
  });
});

it('a file that changes while it is read is not given a fingerprint', async () => {
  const file = write({ entries: EMBEDDING_ENTRIES });
  const large = Buffer.alloc(8 * 1024 * 1024);
  appendFileSync(file, large);
  const reading = describeModel(file);
  appendFileSync(file, large);
  await expect(reading).rejects.toMatchObject({ code: 'MODEL_CHANGED' });
});
