import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EmbedSearchError } from '#dist/lib/errors.js';
import { readGgufMetadata } from '#dist/lib/models/gguf-metadata.js';
import { describeModel } from '#dist/lib/models/model-spec.js';
import { shippedModelPath } from '#dist/lib/models/resolve-model.js';
import { verifies } from '../house/promises.js';
import { EMBEDDING_ENTRIES, gguf, u32, u64 } from './gguf-writer.js';
import { MALFORMED } from './malformed.js';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'embed-search-gguf-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function write(name: string, bytes: Buffer): string {
  const file = path.join(folder, name);
  writeFileSync(file, bytes);
  return file;
}

async function refusal(promise: Promise<unknown>): Promise<EmbedSearchError> {
  const error = await promise.then(
    () => new Error('it was accepted'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(EmbedSearchError);
  return error as EmbedSearchError;
}

describe('a whole file', () => {
  it('gives its values, and only the arrays that were asked for', async () => {
    const file = write('whole.gguf', gguf());
    const metadata = await readGgufMetadata(file, { arrays: ['tokenizer.ggml.tokens'] });
    expect(metadata.values.get('general.architecture')).toBe('bert');
    expect(metadata.values.get('bert.embedding_length')).toBe(8);
    expect(metadata.arrays.get('tokenizer.ggml.tokens')).toEqual([
      '[PAD]',
      '[UNK]',
      '\u2581the',
      '\u2581a',
      'b',
    ]);
    expect(metadata).toMatchObject({ version: 3, tensorCount: 2, bytes: gguf().length });
    expect((await readGgufMetadata(file)).arrays.size).toBe(0);
  });

  it('of version 2 is read as well', async () => {
    expect((await readGgufMetadata(write('v2.gguf', gguf({ version: 2 })))).version).toBe(2);
  });

  it('that ships says what the README of the model says', async () => {
    const metadata = await readGgufMetadata(shippedModelPath(), { arrays: ['tokenizer.ggml.tokens'] });
    expect(metadata.values.get('bert.embedding_length')).toBe(384);
    expect(metadata.arrays.get('tokenizer.ggml.tokens')).toHaveLength(30_522);
  });

  it('with a value that is too long to keep is read around it', async () => {
    const long = ['tokenizer.chat_template', 'string', 'x'.repeat(100_000)] as const;
    const metadata = await readGgufMetadata(
      write('long.gguf', gguf({ entries: [long, ...EMBEDDING_ENTRIES] })),
    );
    expect(metadata.values.has('tokenizer.chat_template')).toBe(false);
    expect(metadata.values.get('bert.pooling_type')).toBe(1);
  });

  it('with a tensor type that is newer than this program is left for llama.cpp to judge', async () => {
    const file = write('newer.gguf', gguf({ tensors: [{ name: 'a', dimensions: [8], type: 250 }] }));
    expect((await readGgufMetadata(file)).tensorCount).toBe(1);
  });
});

describe('a malformed file', () => {
  it.each(MALFORMED)('is refused with what is wrong: $name', async ({ bytes, says }) => {
    verifies('bad-model-refused');
    const error = await refusal(describeModel(write('malformed.gguf', bytes)));
    expect(error.code).toBe('MODEL_INVALID');
    expect(error.message).toContain('malformed.gguf');
    expect(error.message).toMatch(says);
  });

  it('there are at least 100 kinds of it', () => {
    expect(MALFORMED.length).toBeGreaterThanOrEqual(100);
  });

  it.runIf(process.platform === 'linux')(
    'that claims gigabytes of keys or tokens never fills the memory',
    async () => {
      const tokens = Buffer.concat([u32(9), u32(8), u64(2 ** 27)]);
      const hostile = write(
        'hostile.gguf',
        gguf({
          tensors: [],
          entries: [...EMBEDDING_ENTRIES.slice(0, 7), ['tokenizer.ggml.tokens', 'raw', tokens]],
        }),
      );
      truncateSync(hostile, 4 * 2 ** 30); // sparse: an endless list of empty strings
      const manyKeys = write('keys.gguf', gguf({ keyCount: 4096n, tensors: [], entries: manyLongStrings() }));
      for (const file of [hostile, manyKeys]) {
        const { stdout } = await promisify(execFile)(
          process.execPath,
          ['--input-type=module', '-e', READ_AND_MEASURE, file],
          {
            cwd: path.resolve(import.meta.dirname, '../..'),
          },
        );
        const seen = JSON.parse(stdout) as { code: string; peakMegabytes: number };
        expect(seen.code).toBe('MODEL_INVALID');
        expect(seen.peakMegabytes).toBeLessThan(100); // a bare node takes about 45
      }
    },
  );
});

const READ_AND_MEASURE = `
  import { readFileSync } from 'node:fs';
  import { readGgufMetadata } from '#dist/lib/models/gguf-metadata.js';
  const code = await readGgufMetadata(process.argv[1], { arrays: ['tokenizer.ggml.tokens'] }).catch((error) => error.code);
  // not getrusage: a child inherits the peak of the process that forked it
  const peak = /VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1];
  console.log(JSON.stringify({ code, peakMegabytes: Number(peak) / 1024 }));
`;

function manyLongStrings(): [string, 'string', string][] {
  return Array.from({ length: 1000 }, (_, index) => [`key${index}`, 'string', 'x'.repeat(60_000)]);
}

describe('a path that is no regular file', () => {
  it('is missing when it is not there', async () => {
    const error = await refusal(readGgufMetadata(path.join(folder, 'none.gguf')));
    expect(error.code).toBe('MODEL_MISSING');
    expect(error.message).toContain('none.gguf');
  });

  it('is named when it is a folder', async () => {
    mkdirSync(path.join(folder, 'folder.gguf'));
    const error = await refusal(readGgufMetadata(path.join(folder, 'folder.gguf')));
    expect([error.code, error.message]).toEqual(['MODEL_INVALID', expect.stringContaining('is a folder')]);
  });

  it.skipIf(process.platform === 'win32')(
    'is refused at once when it is a FIFO that nobody writes to',
    async () => {
      execFileSync('mkfifo', [path.join(folder, 'fifo.gguf')]);
      const error = await refusal(readGgufMetadata(path.join(folder, 'fifo.gguf')));
      expect([error.code, error.message]).toEqual([
        'MODEL_INVALID',
        expect.stringContaining('not a regular file'),
      ]);
    },
  );

  it.skipIf(process.platform === 'win32')('is refused when it is a device', async () => {
    expect((await refusal(readGgufMetadata('/dev/zero'))).message).toContain('not a regular file');
  });

  it.skipIf(process.platform === 'win32')('is refused when its symbolic links go in a circle', async () => {
    symlinkSync(path.join(folder, 'b'), path.join(folder, 'a'));
    symlinkSync(path.join(folder, 'a'), path.join(folder, 'b'));
    const error = await refusal(readGgufMetadata(path.join(folder, 'a')));
    expect([error.code, error.message]).toEqual(['MODEL_INVALID', expect.stringContaining('in a circle')]);
  });

  it.skipIf(process.getuid?.() === 0 || process.platform === 'win32')(
    'is refused when it may not be read',
    async () => {
      const file = write('closed.gguf', gguf());
      chmodSync(file, 0);
      const error = await refusal(readGgufMetadata(file));
      expect([error.code, error.message]).toEqual([
        'MODEL_INVALID',
        expect.stringContaining('permission denied'),
      ]);
    },
  );
});
