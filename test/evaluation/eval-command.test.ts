import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { addFiles, makeFolder, run, runJson, SMALL_PROJECT } from '../e2e/cli.js';
import { verifies } from '../house/promises.js';

const QUERIES = [
  { _id: 'q1', text: 'send a file again after it failed', metadata: { about: 'code' } },
  { _id: 'q2', text: 'when does an invoice have to be paid', metadata: { about: 'prose' } },
];
const JUDGEMENTS = [
  ['q1', 'src/upload.ts', '1'],
  ['q2', 'docs/guide', '1'],
];

const lines = (values: readonly unknown[]) => values.map((value) => `${JSON.stringify(value)}\n`).join('');
const table = (rows: readonly (readonly string[])[]) =>
  [['query-id', 'corpus-id', 'score'], ...rows].map((row) => `${row.join('\t')}\n`).join('');

async function indexed(files: Record<string, string>) {
  const root = makeFolder(SMALL_PROJECT);
  expect(await run(['index', root])).toMatchObject({ exitCode: 0 });
  return { root, questions: makeFolder(files) };
}

describe('eval', () => {
  test('scores every way to answer by slice, finds documents without their ending, and names what it does not know', async () => {
    verifies('quality-is-measurable');
    const { root, questions } = await indexed({
      'queries.jsonl': lines([...QUERIES, { _id: 'q3', text: 'nobody judged this' }]),
      'qrels/test.tsv': table([...JUDGEMENTS, ['q2', 'docs/gone.md', '1'], ['q9', 'src/sleep.ts', '1']]),
    });
    const { exitCode, stderr, document } = await runJson(['eval', questions, '--path', root]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const { result, warnings } = document;
    expect(result).toMatchObject({
      queries: 2,
      failed: 0,
      documents: { judged: 4, unknown: ['docs/gone.md'] },
      memory: { host: { rssBytes: expect.any(Number) } },
    });
    expect(result.slices.map((slice: { name: string }) => slice.name)).toEqual([
      'all',
      'half=even',
      'half=odd',
      'about=code',
      'about=prose',
    ]);
    const systems = Object.keys(result.slices[0].systems);
    expect(systems).toEqual(['whole-files', 'lexical', 'vector', 'hybrid-unranked', 'hybrid']);
    const { ndcg10, recall10, mrr10, success1 } = result.slices[3].systems.hybrid;
    expect([ndcg10.mean, recall10.mean, mrr10.mean, success1.mean]).toEqual([1, 1, 1, 1]);
    // One of its two documents does not exist: that is a miss, not left out.
    expect(result.slices[4].systems.hybrid.recall10.mean).toBe(0.5);
    expect(result.slices[0].gain.lexical).toMatchObject({
      low: expect.any(Number),
      high: expect.any(Number),
    });
    expect(warnings.join(' ')).toMatch(/1 judged queries.*q9.*1 queries have no judgement.*docs\/gone\.md/);

    const said = await run(['eval', questions, '--path', root, '--no-slices']);
    expect(said).toMatchObject({ exitCode: 0 });
    expect(said.stdout).toMatch(/all {2}2 questions\n.*nDCG@10.*\n.*whole files/);
    expect(said.stdout).not.toContain('half=');
  });

  test('takes what is said of model and embedder as seriously as query does', async () => {
    const { root, questions } = await indexed({
      'queries.jsonl': lines(QUERIES),
      'qrels/test.tsv': table(JUDGEMENTS),
    });
    const said = await runJson(['eval', questions, '--path', root, '--dimensions', '8']);
    expect(said).toMatchObject({ exitCode: 3, document: { error: { code: 'INDEX_OTHER_SETTINGS' } } });
  });

  test('a folder that is not in order is exit 2 with what is wrong and where', async () => {
    const { root, questions } = await indexed({
      'queries.jsonl': lines(QUERIES),
      'qrels/test.tsv': table(JUDGEMENTS),
    });
    const refused = async (files: Record<string, string>, folder = makeFolder(files)) => {
      const { exitCode, stderr, document } = await runJson(['eval', folder, '--path', root]);
      expect({ exitCode, stderr, ok: document.ok }).toEqual({ exitCode: 2, stderr: '', ok: false });
      return `${document.error.code} ${document.error.message}`;
    };
    const queries = { 'queries.jsonl': lines(QUERIES) };
    expect(await refused({}, path.join(questions, 'nowhere'))).toContain('PATH_NOT_FOUND');
    expect(await refused({})).toContain('no queries.jsonl');
    expect(await refused(queries)).toContain('no qrels/test.tsv');
    expect(await refused({ ...queries, 'qrels/test.tsv': table([['q1', 'elsewhere.c', '1']]) })).toMatch(
      /None of the 1 judged documents.*elsewhere\.c/,
    );
    expect(
      await refused({ ...queries, 'qrels/test.tsv': table([['other', 'src/upload.ts', '1']]) }),
    ).toContain('None of the 2 queries');
    expect(await refused({ ...queries, 'qrels/test.tsv': 'a\tb\tc\nq1 src/upload.ts 1\n' })).toMatch(
      /test\.tsv:2 is not/,
    );
    addFiles(questions, { 'queries.jsonl': '{"_id": "q1", "text": "x"}\n{"_id": ' });
    expect(await refused({}, questions)).toMatch(/queries\.jsonl:2 is not a JSON object/);
  });
});
