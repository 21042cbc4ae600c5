import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StoreReader, StoreWriter, VectorStore } from '#dist/lib/store/types.js';
import {
  embedPending,
  file,
  identity,
  modelFile,
  nearestTexts,
  sha256,
  temporaryFolder,
  unit,
  vectorOf,
  wordRules,
} from './fixtures.js';

/** What every store must do; `open` gives the store that is kept under `folder`, the same each time. */
export function storeSuite(kind: string, open: (folder: string) => VectorStore): void {
  describe(`a ${kind} store`, () => {
    let store: VectorStore;
    let writer: StoreWriter;
    const readers: StoreReader[] = [];
    const read = async (): Promise<StoreReader> => {
      const reader = await store.openReader();
      readers.push(reader);
      return reader;
    };

    beforeEach(async () => {
      store = open(temporaryFolder());
      writer = await store.openWriter({ root: '/root/of/files' });
      writer.setIdentity(identity, modelFile);
      await writer.setWords(wordRules);
    });
    afterEach(async () => {
      for (const reader of readers.splice(0)) reader.close();
      await writer.close();
    });

    it('is missing until a writer made it', async () => {
      const none = open(temporaryFolder());
      expect(none.exists()).toBe(false);
      await expect(none.openReader()).rejects.toMatchObject({ code: 'INDEX_MISSING', exitCode: 3 });
      expect(store.exists()).toBe(true);
    });

    it('gives back what was put in, byte for byte', async () => {
      const texts = ['plain', 'nul \0 inside', 'tab\tquote" emoji 🙂 é', '', '한국어\nالعربية'];
      const [record, chunks] = file('a/b c.ts', texts);
      writer.putFile(record, [{ ...chunks[0]!, symbol: 'parse' }, ...chunks.slice(1)]);
      const reader = await read();
      expect(reader.root).toBe('/root/of/files');
      expect(reader.identity).toEqual(identity);
      expect(reader.modelFile).toEqual(modelFile);
      const stored = reader.fileByPath('a/b c.ts')!;
      expect(stored).toEqual({ ...record, id: stored.id });
      expect([...reader.files()]).toEqual([stored]);
      const found = [...reader.chunksOfFile(stored.id)];
      expect(found.map(({ text }) => text)).toEqual(texts);
      expect(found[0]).toMatchObject({
        path: 'a/b c.ts',
        language: 'ts',
        symbol: 'parse',
        startLine: 1,
        endLine: 10,
      });
      expect(found[1]).not.toHaveProperty('symbol');
      const ids = found.map(({ id }) => id).toReversed();
      expect(reader.chunks(ids)).toEqual(found.toReversed());
      expect(reader.counts()).toEqual({ files: 1, chunks: 5, withVectors: 0 });
      expect(reader.countsByLanguage()).toEqual([{ language: 'ts', files: 1, chunks: 5 }]);
    });

    it('places and paths are those of the chunks and files asked for, in that order, whatever is in them', async () => {
      const names = ['a "b" \\ c.ts', 'ä/\u{1f600}\n.ts', 'z.ts'];
      for (const name of names) {
        const [record, chunks] = file(name, [`one of ${name}`, `two of ${name}`]);
        writer.putFile(
          record,
          [...chunks].map((chunk, at) => (at === 0 ? { ...chunk, symbol: `"${name}"` } : chunk)),
        );
      }
      const reader = await read();
      const found = [...reader.files()].flatMap(({ id }) => [...reader.chunksOfFile(id)]).toReversed();
      const places = found.map(({ id, fileId, path, startLine, symbol }) =>
        symbol === undefined ? { id, fileId, path, startLine } : { id, fileId, path, startLine, symbol },
      );
      expect(places).toHaveLength(6);
      expect(reader.places([...found.map(({ id }) => id), 999])).toEqual(places);
      expect(reader.filePaths(found.map(({ fileId }) => fileId))).toEqual(found.map(({ path }) => path));
      expect([reader.places([]), reader.filePaths([])]).toEqual([[], []]);
    });

    it('a file put again replaces its chunks and words, and says what changed', async () => {
      expect(writer.putFile(...file('a.ts', ['one', 'two', 'three']))).toEqual({ added: 3, removed: 0 });
      expect(writer.putFile(...file('a.ts', ['two', 'four']))).toEqual({ added: 1, removed: 2 });
      const reader = await read();
      expect(reader.counts()).toMatchObject({ files: 1, chunks: 2 });
      expect(reader.searchChunkWords(['one'], { limit: 5 }).ids).toHaveLength(0);
      expect(reader.searchFileWords(['three'], { limit: 5 }).ids).toHaveLength(0);
      expect(reader.searchChunkWords(['four'], { limit: 5 }).ids).toHaveLength(1);
      expect(reader.searchFileWords(['two'], { limit: 5 }).ids).toHaveLength(1);
    });

    it('a removed file leaves nothing to find', async () => {
      writer.putFile(...file('a.ts', ['one', 'two']));
      writer.putFile(...file('b.ts', ['two', 'three']));
      await embedPending(writer, { all: true });
      expect(writer.removeFile('a.ts')).toEqual({ removed: 2 });
      expect(writer.removeFile('never.ts')).toEqual({ removed: 0 });
      const reader = await read();
      expect(reader.counts()).toEqual({ files: 1, chunks: 2, withVectors: 2 });
      expect(reader.searchChunkWords(['one'], { limit: 5 }).ids).toHaveLength(0);
      expect((await nearestTexts(reader, vectorOf('one'), 9)).toSorted()).toEqual(['three', 'two']);
    });

    it('a touched file keeps its chunks', () => {
      writer.putFile(...file('a.ts', ['one']));
      writer.touchFile('a.ts', { size: 3, mtimeMs: 99.25, inode: 2 ** 60 });
      expect(writer.fileByPath('a.ts')).toMatchObject({ size: 3, mtimeMs: 99.25, inode: 2 ** 60 });
      expect(writer.counts().chunks).toBe(1);
    });

    it('languages of a sample are those of all files where they are few, else of files all over the index', async () => {
      writer.transaction(() => {
        for (let index = 0; index < 300; index++) {
          const [record, chunks] = file(`${index}.x`, ['text']);
          writer.putFile({ ...record, language: index < 100 ? 'go' : 'markdown' }, chunks);
        }
        for (let index = 200; index < 300; index += 2) writer.removeFile(`${index}.x`);
      });
      const reader = await read();
      const goOf = (most: number): [number, number] => {
        const languages = reader.sampleLanguages(most);
        return [languages.length, languages.filter((language) => language === 'go').length];
      };
      expect(goOf(250)).toEqual([250, 100]);
      const [count, go] = goOf(30);
      expect(count).toBe(30);
      expect(Math.abs(go - 10)).toBeLessThanOrEqual(2);
    });

    it('files may be changed while they are listed', () => {
      writer.transaction(() => {
        for (let index = 0; index < 1200; index++) writer.putFile(...file(`${index}.ts`, [`text ${index}`]));
      });
      let seen = 0;
      for (const { path } of writer.files()) {
        seen++;
        if (seen % 2 === 0) writer.removeFile(path);
        if (seen === 1100) break;
      }
      expect(writer.counts().files).toBe(1200 - 550);
    });

    it('a text is pending once however many chunks share it, and all of them get its vector', async () => {
      writer.putFile(...file('a.ts', ['shared', 'own']));
      writer.putFile(...file('b.ts', ['shared']));
      expect(writer.pendingCount()).toBe(2);
      expect(writer.pendingChunks(10).map(({ text, path }) => [path, text])).toEqual([
        ['a.ts', 'shared'],
        ['a.ts', 'own'],
      ]);
      writer.stageVectors([{ key: sha256('shared'), vector: vectorOf('shared') }]);
      expect(writer.counts()).toEqual({ files: 2, chunks: 3, withVectors: 2 });
      const hits = await (await read()).searchVectors(vectorOf('shared'), { limit: 5 });
      expect(hits.map(({ score }) => score)).toEqual([expect.closeTo(1, 6), expect.closeTo(1, 6)]);
    });

    it('pending texts come in pages, in the order in which their files were put', () => {
      for (const name of ['b', 'a', 'c']) writer.putFile(...file(`${name}.ts`, [`${name}1`, `${name}2`]));
      const first = writer.pendingChunks(4);
      const rest = writer.pendingChunks(4, first.at(-1)!.position);
      expect([...first, ...rest].map(({ text }) => text)).toEqual(['b1', 'b2', 'a1', 'a2', 'c1', 'c2']);
    });

    it('vectors answer while they are staged and the same when they are published', async () => {
      writer.putFile(...file('a.ts', ['one', 'two', 'three']));
      writer.stageVectors(
        ['one', 'two', 'three'].map((text) => ({ key: sha256(text), vector: vectorOf(text) })),
      );
      const staged = await read();
      const query = unit(vectorOf('one').map((value, index) => value + vectorOf('two')[index]! / 2));
      const before = await staged.searchVectors(query, { limit: 3 });
      expect(await writer.publish()).toBe(0);
      expect(await writer.publish({ all: true })).toBe(1);
      const published = await read();
      const after = await published.searchVectors(query, { limit: 3 });
      expect(after.map(({ chunkId }) => chunkId)).toEqual(before.map(({ chunkId }) => chunkId));
      after.forEach(({ score }, index) => expect(score).toBeCloseTo(before[index]!.score, 9));
      for (const { chunkId } of before) {
        const vector = await staged.vectorOf(chunkId);
        expect(vector).toEqual(vectorOf(staged.chunks([chunkId])[0]!.text));
        expect(await published.vectorOf(chunkId)).toEqual(vector);
      }
    });

    it('a text that comes back is not embedded again', async () => {
      writer.putFile(...file('a.ts', ['one', 'two']));
      await embedPending(writer, { all: true });
      writer.removeFile('a.ts');
      expect(await nearestTexts(await read(), vectorOf('one'), 5)).toEqual([]);
      await writer.sweep();
      writer.putFile(...file('moved.ts', ['two', 'one', 'new']));
      expect(writer.pendingChunks(9).map(({ text }) => text)).toEqual(['new']);
      expect(await nearestTexts(await read(), vectorOf('one'), 1)).toEqual(['one']);
    });

    it('a chunk that is too long gives way to its pieces at once', async () => {
      writer.putFile(...file('a.ts', ['first', 'far too long', 'last']));
      const tooLong = writer.pendingChunks(9)[1]!;
      const [, pieces] = file('a.ts', ['far too', 'long']);
      writer.replaceChunk(tooLong.id, pieces);
      const reader = await read();
      const id = reader.fileByPath('a.ts')!.id;
      expect([...reader.chunksOfFile(id)].map(({ text }) => text)).toEqual([
        'first',
        'far too',
        'long',
        'last',
      ]);
      expect(reader.counts().chunks).toBe(4);
      expect(reader.searchChunkWords(['far'], { limit: 9 }).ids).toHaveLength(1);
      expect(writer.pendingChunks(9).map(({ text }) => text)).toEqual(['first', 'last', 'far too', 'long']);
    });

    it('what is thrown in a transaction undoes all of it', async () => {
      writer.putFile(...file('a.ts', ['one']));
      await embedPending(writer, { all: true });
      const { generation } = writer;
      expect(() =>
        writer.transaction(() => {
          writer.removeFile('a.ts');
          writer.putFile(...file('b.ts', ['two']));
          throw new Error('changed my mind');
        }),
      ).toThrow('changed my mind');
      expect(writer.generation).toBe(generation);
      const reader = await read();
      expect([...reader.files()].map(({ path }) => path)).toEqual(['a.ts']);
      expect(await nearestTexts(reader, vectorOf('one'), 5)).toEqual(['one']);
    });

    it('a run that changes nothing makes no new generation', () => {
      writer.putFile(...file('a.ts', ['one']));
      const { generation } = writer;
      writer.touchFile('a.ts', { size: 1, mtimeMs: 2, inode: 3 });
      writer.noteRun({ startedAt: 'then', endedAt: null, outcome: 'running' });
      expect(writer.generation).toBe(generation);
      writer.putFile(...file('a.ts', ['two']));
      expect(writer.generation).toBe(generation + 1);
    });

    it('vectors that cannot be right are refused', () => {
      writer.putFile(...file('a.ts', ['one']));
      const key = sha256('one');
      for (const vector of [
        new Float32Array(3),
        vectorOf('one').fill(0),
        vectorOf('one').fill(Number.NaN),
        vectorOf('one').map((value) => value * 2),
      ])
        expect(() => writer.stageVectors([{ key, vector }])).toThrow(/a vector of/u);
      expect(writer.pendingCount()).toBe(1);
    });

    it('another model is refused, and so are other settings', () => {
      expect(() => writer.setIdentity({ ...identity, modelSha256: 'cd' }, modelFile)).toThrow(
        expect.objectContaining({ code: 'INDEX_OTHER_MODEL' }),
      );
      expect(() => writer.setIdentity({ ...identity, tokenLimit: 64 }, modelFile)).toThrow(
        expect.objectContaining({ code: 'INDEX_OTHER_SETTINGS' }),
      );
      writer.setIdentity(identity, { ...modelFile, mtimeMs: 2 });
      expect(writer.modelFile?.mtimeMs).toBe(2);
    });

    it('problems are kept until their cause goes', async () => {
      writer.putFile(...file('a.ts', ['kills the model', 'harmless']));
      writer.noteLeftOut([{ path: 'big.bin', reason: 'too large', detail: '100 MB' }]);
      writer.noteChunkProblem(sha256('kills the model'), 'it ends the embedder');
      expect(writer.pendingChunks(9).map(({ text }) => text)).toEqual(['harmless']);
      expect([...(await read()).problems()]).toEqual([
        { path: 'big.bin', reason: 'too large', detail: '100 MB' },
        { path: 'a.ts', reason: 'it ends the embedder', startLine: 1, endLine: 10 },
      ]);
      writer.noteLeftOut([], ['big.bin']);
      const embeddingKey = sha256('kills the model');
      expect(writer.chunkProblems()).toEqual([{ embeddingKey, reason: 'it ends the embedder' }]);
      writer.clearChunkProblems([sha256('harmless')]);
      expect([...writer.problems()]).toHaveLength(1);
      writer.clearChunkProblems([embeddingKey]);
      expect([...writer.problems()]).toEqual([]);
      writer.noteChunkProblem(embeddingKey, 'it ends the embedder');
      writer.clearChunkProblems();
      expect([...writer.problems()]).toEqual([]);
      expect(writer.pendingCount()).toBe(2);
      writer.noteChunkProblem(sha256('kills the model'), 'again');
      writer.putFile(...file('a.ts', ['harmless']));
      expect([...writer.problems()]).toEqual([]);
    });

    it('remembers how the last run ended', async () => {
      const note = { startedAt: 'then', endedAt: 'now', outcome: 'in-part', detail: 'one file' } as const;
      writer.noteRun(note);
      expect((await read()).lastRun).toEqual(note);
    });

    it('a filter holds before the limit, for words and for vectors, however little it lets through', async () => {
      writer.transaction(() => {
        for (let index = 0; index < 4000; index++)
          writer.putFile(
            ...file(`${index === 3210 ? 'rare' : 'common'}/${index}.ts`, [`word number${index}`]),
          );
      });
      await embedPending(writer);
      const reader = await read();
      const query = vectorOf('word number5');
      const rare = { accepts: (path: string) => path.startsWith('rare/') };
      const half = { accepts: (path: string) => Number.parseInt(path.split('/')[1]!, 10) % 2 === 0 };
      for (const exact of [false, true]) {
        const hits = await reader.searchVectors(query, { limit: 3, filter: rare, exact });
        expect(reader.chunks(hits.map(({ chunkId }) => chunkId)).map(({ path }) => path)).toEqual([
          'rare/3210.ts',
        ]);
      }
      const best = await reader.searchVectors(query, { limit: 2000, filter: half, exact: true });
      expect(best).toHaveLength(2000);
      const words = reader.searchChunkWords(['word'], { limit: 1, filter: rare }).ids;
      expect(reader.chunks([...words])[0]!.path).toBe('rare/3210.ts');
      expect([...reader.searchFileWords(['word'], { limit: 1, filter: rare }).ids]).toEqual(
        reader.places([...words]).map(({ fileId }) => fileId),
      );
      expect(reader.searchChunkWords(['word'], { limit: 9000, filter: half }).ids).toHaveLength(2000);
      const nothing = { accepts: () => false };
      expect(await reader.searchVectors(query, { limit: 3, filter: nothing })).toEqual([]);
      expect(reader.searchChunkWords(['word'], { limit: 3, filter: nothing }).ids).toHaveLength(0);
    });

    it('the same is answered however often, between filters too, where chunks share a vector and where some are staged', async () => {
      writer.putFile(...file('a.ts', ['shared', 'own']));
      writer.putFile(...file('b.ts', ['shared', 'other']));
      await embedPending(writer, { all: true });
      writer.putFile(...file('c.ts', ['new', 'shared']));
      await embedPending(writer);
      const reader = await read();
      const inFile = (name: string) => ({ accepts: (path: string) => path === name });
      const [onlyA, onlyB] = [inFile('a.ts'), inFile('b.ts')];
      const hitsOf = async (filter?: ReturnType<typeof inFile>) => {
        const hits = await reader.searchVectors(vectorOf('shared'), { limit: 9, ...(filter && { filter }) });
        return reader.places(hits.map(({ chunkId }) => chunkId)).map(({ path }) => path);
      };
      for (let round = 0; round < 3; round++) {
        expect((await hitsOf(onlyB)).toSorted()).toEqual(['b.ts', 'b.ts']);
        const all = await hitsOf();
        expect(all.slice(0, 3).toSorted()).toEqual(['a.ts', 'b.ts', 'c.ts']);
        expect(all.toSorted()).toEqual(['a.ts', 'a.ts', 'b.ts', 'b.ts', 'c.ts', 'c.ts']);
        expect((await hitsOf(onlyA)).toSorted()).toEqual(['a.ts', 'a.ts']);
      }
    });

    it('each text is found by its vector, and found again, however many times some were published', async () => {
      const texts = Array.from({ length: 20 }, (_, index) => `text ${index}`);
      for (const text of texts) {
        writer.putFile(...file(`${text}.ts`, [text]));
        await embedPending(writer, { all: true });
      }
      const reader = await read();
      for (const text of [...texts, ...texts])
        expect(await nearestTexts(reader, vectorOf(text), 1)).toEqual([text]);
    });

    it('words are found by stem, without accents, as phrases and by field', async () => {
      const [record, chunks] = file('src/upload.ts', [
        'retries a failed upload with_backoff',
        'café au lait',
        'failed retry of nothing',
      ]);
      writer.putFile(record, [{ ...chunks[0]!, symbol: 'send file' }, ...chunks.slice(1)]);
      const reader = await read();
      const find = (...terms: string[]): number => reader.searchChunkWords(terms, { limit: 9 }).ids.length;
      expect(find('retrying')).toBe(2);
      expect(find('cafe')).toBe(1);
      expect(find('with_backoff')).toBe(1);
      expect(find('backoff')).toBe(0);
      expect(find('failed upload')).toBe(1);
      expect(find('upload failed')).toBe(0);
      expect(find('lait', 'nothing')).toBe(2);
      expect(reader.documentFrequency('retry')).toBe(2);
      expect(reader.documentFrequency('never')).toBe(0);
      expect(reader.searchFileWords(['upload'], { limit: 9 }).ids).toHaveLength(1);
      // In the symbol, and in the path.
      expect(find('send')).toBe(1);
      expect(find('src')).toBe(3);
    });

    it.each([
      ['nothing', []],
      ['an empty term', ['']],
      ['quotes', ['"', '""', '"a" OR']],
      [
        'operators',
        ['AND', 'OR', 'NOT', 'NEAR(a b)', 'a*', '^a', '-a', 'body:a', '{body path}:a', 'a + b', '('],
      ],
      ['NUL and control characters', ['\0', 'a\0b', '\u0001', '\uFFFF', '\uD800']],
      ['an emoji', ['🙂']],
      ['SQL', ["'; drop table files; --", '%', '?1', ':a', '$a', '@a']],
      ['ten thousand words', Array.from({ length: 10_000 }, (_, index) => `w${index}`)],
    ])('a word query of %s is no error', async (_name, terms) => {
      writer.putFile(...file('a.ts', ['text without any of it', 'more']));
      const reader = await read();
      expect(reader.searchChunkWords(terms, { limit: 5 }).ids.length).toBeLessThanOrEqual(5);
      expect(reader.searchFileWords(terms, { limit: 5 }).ids.length).toBeLessThanOrEqual(5);
      for (const term of terms.slice(0, 20)) expect(reader.documentFrequency(term)).toBeTypeOf('number');
      expect(reader.counts().files).toBe(1);
    });

    it('every word of a query of thousands counts, as far as the index knows it', async () => {
      const known = Array.from({ length: 900 }, (_, index) => `known${index}`);
      const unknown = Array.from({ length: 1_100 }, (_, index) => `unknown${index}`);
      writer.transaction(() =>
        known.forEach((word) => writer.putFile(...file(`${word}.ts`, [`${word} text`]))),
      );
      const terms = [...unknown, ...known];
      const reader = await read();
      expect(reader.searchChunkWords(terms, { limit: 2_000 }).ids).toHaveLength(known.length);
      expect(reader.searchFileWords(terms, { limit: 2_000 }).ids).toHaveLength(known.length);
    });

    it('a reader keeps its generation, vectors and all, whatever the writer does', async () => {
      for (const name of ['a', 'b', 'c'])
        writer.putFile(...file(`${name}.ts`, [`${name} one`, `${name} two`]));
      await embedPending(writer, { all: true });
      const reader = await read();
      const before = await nearestTexts(reader, vectorOf('b one'), 9);
      expect(before[0]).toBe('b one');
      writer.removeFile('a.ts');
      writer.putFile(...file('b.ts', ['b anew']));
      await embedPending(writer, { all: true });
      await writer.sweep();
      await writer.close();
      writer = await store.openWriter({ root: '/root/of/files', rebuild: true });
      writer.setIdentity(identity, modelFile);
      await writer.sweep();
      expect(await nearestTexts(reader, vectorOf('b one'), 9)).toEqual(before);
      expect(reader.searchChunkWords(['two'], { limit: 9 }).ids).toHaveLength(3);
      expect(reader.counts()).toEqual({ files: 3, chunks: 6, withVectors: 6 });
      expect(reader.warnings).toEqual([]);
      expect((await read()).counts().files).toBe(0);
    });

    it('a reader that paused goes on where nothing was committed, and else another one takes its place', async () => {
      writer.putFile(...file('a.ts', ['one']));
      await embedPending(writer, { all: true });
      const first = await store.openReader();
      expect(first.resume()).toBe(first);
      first.pause();
      expect(first.resume()).toBe(first);
      expect(await nearestTexts(first, vectorOf('one'), 1)).toEqual(['one']);
      first.pause();
      writer.putFile(...file('a.ts', ['two']));
      await embedPending(writer);
      const second = first.resume();
      expect(second).not.toBe(first);
      expect(second.generation).toBe(writer.generation);
      expect(await nearestTexts(second, vectorOf('two'), 1)).toEqual(['two']);
      second.pause();
      // Publishing changes no answer, but where the vectors are.
      await writer.publish({ all: true });
      const third = second.resume();
      readers.push(third);
      expect(await nearestTexts(third, vectorOf('two'), 1)).toEqual(['two']);
      expect(third.warnings).toEqual([]);
    });

    it('there is one writer at a time', async () => {
      await expect(store.openWriter({ root: '/' })).rejects.toMatchObject({
        code: 'INDEX_LOCKED',
        exitCode: 6,
        message: expect.stringContaining(`process ${process.pid}`),
      });
      await writer.close();
      writer = await store.openWriter({ root: '/root/of/files' });
    });

    it('a rebuild starts empty, and until its first commit the old index answers', async () => {
      writer.putFile(...file('a.ts', ['one']));
      await embedPending(writer, { all: true });
      await writer.close();
      writer = await store.openWriter({ root: '/elsewhere', rebuild: true });
      expect([...writer.files()]).toEqual([]);
      expect(writer.identity).toBeNull();
      const old = await read();
      expect(await nearestTexts(old, vectorOf('one'), 1)).toEqual(['one']);
      writer.setIdentity({ ...identity, modelSha256: 'cd' }, modelFile);
      const anew = await read();
      expect(anew.counts()).toEqual({ files: 0, chunks: 0, withVectors: 0 });
      expect(anew.root).toBe('/elsewhere');
      expect(anew.generation).toBeGreaterThanOrEqual(old.generation);
    });

    it('a rebuild that is given up before its first commit changes nothing', async () => {
      writer.putFile(...file('a.ts', ['one']));
      await writer.close();
      const given = await store.openWriter({ root: '/elsewhere', rebuild: true });
      await given.setWords(wordRules);
      expect(() =>
        given.transaction(() => {
          given.putFile(...file('b.ts', ['two']));
          throw new Error('no');
        }),
      ).toThrow('no');
      expect([...given.files()]).toEqual([]);
      await given.sweep();
      await given.close();
      writer = await store.openWriter({ root: '/root/of/files' });
      expect([...writer.files()].map(({ path }) => path)).toEqual(['a.ts']);
    });

    it('many small publications are merged, and every vector survives', async () => {
      for (let run = 0; run < 12; run++) {
        writer.putFile(...file(`${run}.ts`, [`text ${run}`]));
        await embedPending(writer, { all: true });
        await writer.sweep();
      }
      const reader = await read();
      for (let run = 0; run < 12; run++)
        expect(await nearestTexts(reader, vectorOf(`text ${run}`), 1)).toEqual([`text ${run}`]);
      expect(reader.counts().withVectors).toBe(12);
    });

    it('says how many bytes it takes, by part', async () => {
      writer.putFile(...file('a.ts', ['one']));
      await embedPending(writer, { all: true });
      const bytes = await (await read()).bytes();
      expect(bytes.total).toBe(bytes.database + bytes.vectors + bytes.other);
      expect(bytes.total).toBeGreaterThan(0);
    });
  });
}
