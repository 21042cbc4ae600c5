import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { modelsFolder, resolveModel, shippedModelPath } from '#dist/lib/models/resolve-model.js';
import { gguf } from './gguf-writer.js';

let folder: string;
const before = process.env['EMBED_SEARCH_MODELS'];

beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'embed-search-models-'));
  writeFileSync(path.join(folder, 'tiny.gguf'), gguf());
  writeFileSync(path.join(folder, 'bare'), gguf());
  process.env['EMBED_SEARCH_MODELS'] = folder;
});

afterAll(() => {
  if (before === undefined) delete process.env['EMBED_SEARCH_MODELS'];
  else process.env['EMBED_SEARCH_MODELS'] = before;
  rmSync(folder, { recursive: true, force: true });
});

describe('a model is found', () => {
  it('in the package when none is named', async () => {
    expect((await resolveModel(undefined)).path).toBe(shippedModelPath());
  });

  it.each(['all-MiniLM-L6-v2.Q8_0', 'all-MiniLM-L6-v2'])('in the package by the name %s', async (name) => {
    expect((await resolveModel(name)).path).toBe(shippedModelPath());
  });

  it('by its path, relative or absolute', async () => {
    const file = path.join(folder, 'tiny.gguf');
    expect((await resolveModel(file)).path).toBe(file);
    expect((await resolveModel(path.relative('.', file))).path).toBe(file);
  });

  it('by its name in the models folder, with or without the ending', async () => {
    expect((await resolveModel('tiny')).path).toBe(path.join(folder, 'tiny.gguf'));
    expect((await resolveModel('tiny.gguf')).path).toBe(path.join(folder, 'tiny.gguf'));
    expect((await resolveModel('bare')).path).toBe(path.join(folder, 'bare'));
  });

  it('although a folder of the same name is here', async () => {
    const here = process.cwd();
    const work = path.join(folder, 'work');
    mkdirSync(path.join(work, 'tiny'), { recursive: true });
    process.chdir(work);
    try {
      expect((await resolveModel('tiny')).path).toBe(path.join(folder, 'tiny.gguf'));
    } finally {
      process.chdir(here);
    }
  });
});

describe('a model that is not there', () => {
  it('is refused with the names that are', async () => {
    await expect(resolveModel('tinny')).rejects.toMatchObject({
      code: 'MODEL_MISSING',
      message: expect.stringMatching(/"tinny".*all-MiniLM-L6-v2\.Q8_0, tiny/),
    });
  });

  it.each(['./none.gguf', '/none/model.gguf', ''])('is refused when it is the path %j', async (file) => {
    await expect(resolveModel(file)).rejects.toMatchObject({ code: 'MODEL_MISSING' });
  });
});

describe('the models folder', () => {
  afterEach(() => {
    process.env['EMBED_SEARCH_MODELS'] = folder;
  });

  it('is EMBED_SEARCH_MODELS, else below XDG_DATA_HOME, else below the home folder', () => {
    expect(modelsFolder({ EMBED_SEARCH_MODELS: '/m', XDG_DATA_HOME: '/x' })).toBe(path.resolve('/m'));
    expect(modelsFolder({ XDG_DATA_HOME: '/x' })).toBe(path.join('/x', 'embed-search', 'models'));
    expect(modelsFolder({ XDG_DATA_HOME: 'relative' })).toBe(
      path.join(os.homedir(), '.local', 'share', 'embed-search', 'models'),
    );
  });

  it('may be missing', async () => {
    process.env['EMBED_SEARCH_MODELS'] = path.join(folder, 'no-such-folder');
    await expect(resolveModel('tiny')).rejects.toMatchObject({ code: 'MODEL_MISSING' });
  });
});
