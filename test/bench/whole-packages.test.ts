import picomatch from 'picomatch';
import { describe, expect, it } from 'vitest';
import path from 'node:path';
import { fileKind, isProse } from '#dist/lib/search/file-kind.js';
import { readJudgements, readQuestionFile } from '../../bench/retrieval/question-set.js';
import { packages } from '../../bench/retrieval/whole-packages/fetch.js';
import { ROOT } from '../house/imports.js';

const FOLDER = path.join(ROOT, 'bench/retrieval/whole-packages');
const questions = readQuestionFile(path.join(FOLDER, 'queries.jsonl'));
const judgements = readJudgements(FOLDER);

describe('the questions about whole packages', () => {
  it('are 30 for each package, which is one exact archive', () => {
    for (const [name, { origin }] of Object.entries(packages)) {
      expect(origin.sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(questions.filter(({ corpus }) => corpus === name)).toHaveLength(30);
    }
    expect(questions).toHaveLength(30 * Object.keys(packages).length);
    expect(new Set(questions.map(({ id }) => id)).size).toBe(questions.length);
  });

  it('each have a file that answers them, which is laid out and neither a test nor a document', () => {
    expect([...judgements.keys()].toSorted()).toEqual(questions.map(({ id }) => id).toSorted());
    for (const { id, corpus } of questions) {
      const grades = [...(judgements.get(id) ?? [])];
      expect(grades.some(([, grade]) => grade === 2)).toBe(true);
      const isDropped = picomatch([...(packages[corpus]?.drop ?? [])], { dot: true });
      for (const [file] of grades) {
        expect(fileKind(file)).not.toBe('test');
        expect(isProse(file)).toBe(false);
        expect(isDropped(file) || isDropped(file.split('/')[0]!)).toBe(false);
      }
    }
  });
});
