import { createReadStream, existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { asUserError, EmbedSearchError } from '../errors.js';

/** Questions with judgements, in BEIR form. */
export interface EvaluationSet {
  readonly queries: readonly EvaluationQuery[];
  /** query -> document -> grade */
  readonly judgements: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

export interface EvaluationQuery {
  readonly id: string;
  /** One line. */
  readonly text: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}

const JUDGEMENT_FILES = ['qrels/test.tsv', 'qrels.tsv', 'qrels/dev.tsv', 'qrels/train.tsv'];

const FORM =
  'An evaluation folder has queries.jsonl, a line {"_id": "q1", "text": "..."} a question, and qrels/test.tsv, a line ' +
  '"query-id<TAB>document-id<TAB>grade" a judgement; a document id is the path of a file of the indexed folder.';

/** Reads `queries.jsonl` and `qrels/test.tsv`. Throws PATH_NOT_FOUND, PATH_NOT_A_FOLDER, and USAGE with the line that is not in order. */
export async function readEvaluationSet(folder: string): Promise<EvaluationSet> {
  const stat = statSync(folder, { throwIfNoEntry: false });
  if (!stat) throw new EmbedSearchError('PATH_NOT_FOUND', `There is no folder ${folder}.`, { fix: FORM });
  if (!stat.isDirectory())
    throw new EmbedSearchError('PATH_NOT_A_FOLDER', `${folder} is no folder.`, { fix: FORM });
  const queriesFile = path.join(folder, 'queries.jsonl');
  const judgementsFile = JUDGEMENT_FILES.map((name) => path.join(folder, name)).find((file) =>
    existsSync(file),
  );
  if (!existsSync(queriesFile))
    throw new EmbedSearchError('USAGE', `${folder} has no queries.jsonl.`, { fix: FORM });
  if (judgementsFile === undefined)
    throw new EmbedSearchError('USAGE', `${folder} has no qrels/test.tsv.`, { fix: FORM });
  return { queries: await readQueries(queriesFile), judgements: await readJudgements(judgementsFile) };
}

async function readQueries(file: string): Promise<EvaluationQuery[]> {
  const queries = new Map<string, EvaluationQuery>();
  for await (const [line, where] of linesOf(file)) {
    const { _id, text, metadata } = objectOf(line, where);
    const id = idOf(_id);
    if (id === undefined || typeof text !== 'string') throw wrong(where, 'has no "_id" or no "text"');
    if (queries.has(id)) throw wrong(where, `has the id ${id} again`);
    const details = typeof metadata === 'object' && metadata !== null ? metadata : {};
    queries.set(id, {
      id,
      text: text.replaceAll(/\s+/g, ' ').trim(),
      metadata: details as Readonly<Record<string, unknown>>,
    });
  }
  if (queries.size === 0) throw new EmbedSearchError('USAGE', `${file} has no queries.`, { fix: FORM });
  return [...queries.values()];
}

async function readJudgements(file: string): Promise<Map<string, Map<string, number>>> {
  const judgements = new Map<string, Map<string, number>>();
  let isFirst = true;
  for await (const [line, where] of linesOf(file)) {
    const cells = line.split('\t');
    // BEIR has three columns, TREC has four with a second one that nobody reads.
    const [query, document, grade] = cells.length === 4 ? [cells[0], cells[2], cells[3]] : cells;
    const isHeader = isFirst && Number.isNaN(Number(grade));
    isFirst = false;
    if (isHeader) continue;
    if (!query || !document || grade === undefined || grade.trim() === '' || Number.isNaN(Number(grade)))
      throw wrong(where, 'is not "query-id<TAB>document-id<TAB>grade"');
    const ofQuery = judgements.get(query) ?? new Map<string, number>();
    ofQuery.set(document, Number(grade));
    judgements.set(query, ofQuery);
  }
  if (judgements.size === 0) throw new EmbedSearchError('USAGE', `${file} has no judgements.`, { fix: FORM });
  return judgements;
}

/** Lines that are not blank, each with where it stands. */
async function* linesOf(file: string): AsyncGenerator<[line: string, where: string]> {
  let number = 0;
  try {
    for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
      number += 1;
      if (line.trim() !== '') yield [line.replace(/^\ufeff/, ''), `${file}:${number}`];
    }
  } catch (error) {
    throw asUserError(error, `Reading ${file}`);
  }
}

function objectOf(line: string, where: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // said below
  }
  throw wrong(where, 'is not a JSON object');
}

function idOf(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

function wrong(where: string, what: string): EmbedSearchError {
  return new EmbedSearchError('USAGE', `${where} ${what}.`, { fix: FORM });
}
