import { describe, expect, it } from 'vitest';
import { pairedBootstrap } from '../../bench/retrieval/bootstrap.js';
import {
  corpora,
  halfOf,
  readQuestionJudgements,
  readQuestions,
  readUnanswerable,
} from '../../bench/retrieval/code-questions/questions.js';

const questions = readQuestions();
const unanswerable = readUnanswerable();
const judgements = readQuestionJudgements();

describe('the questions about code', () => {
  it('are at least 300 in at least 10 languages, and each corpus is one exact archive', () => {
    expect(questions.length).toBeGreaterThanOrEqual(300);
    const asked = new Set(questions.map(({ corpus }) => corpora[corpus]?.language));
    expect(asked.size).toBeGreaterThanOrEqual(10);
    expect(asked).not.toContain(undefined);
    for (const { origin } of Object.values(corpora)) expect(origin.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it('each have an id and a text of their own', () => {
    const all = [...questions, ...unanswerable];
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    expect(new Set(all.map(({ corpus, text }) => `${corpus} ${text}`)).size).toBe(all.length);
    for (const { text } of all) expect(text).toMatch(/^\S(.*\S)?$/);
  });

  it('each have a file that answers them, under a kept folder; the unanswerable have none', () => {
    expect([...judgements.keys()].toSorted()).toEqual(questions.map(({ id }) => id).toSorted());
    for (const { id, corpus } of questions) {
      const grades = [...(judgements.get(id) ?? [])];
      expect(grades.some(([, grade]) => grade === 2)).toBe(true);
      const { keep = [], extensions = [] } = corpora[corpus] ?? {};
      for (const [file] of grades) {
        expect(keep.some((folder) => folder === '.' || file.startsWith(`${folder}/`))).toBe(true);
        expect(extensions).toContain(file.slice(file.lastIndexOf('.') + 1));
      }
    }
    expect(unanswerable.length).toBeGreaterThanOrEqual(60);
    for (const { id } of unanswerable) expect(judgements.has(id)).toBe(false);
  });

  it('are halved by their ids alone, about evenly', () => {
    const dev = questions.filter(({ id }) => halfOf(id) === 'dev').length;
    expect(dev / questions.length).toBeGreaterThan(0.45);
    expect(dev / questions.length).toBeLessThan(0.55);
    expect(['axios-01', 'axios-02', 'axios-03', 'axios-04'].map(halfOf)).toEqual([
      'dev',
      'dev',
      'test',
      'test',
    ]);
  });
});

describe('the paired bootstrap', () => {
  it('is sure of a difference that every query shows and unsure of one that is chance', () => {
    const baseline = Array.from({ length: 100 }, (_, index) => (index % 10) / 10);
    const better = baseline.map((score) => score + 0.1);
    const { mean, low, high } = pairedBootstrap(better, baseline);
    for (const figure of [mean, low, high]) expect(figure).toBeCloseTo(0.1, 10);
    const mixed = baseline.map((score, index) => score + (index % 2 === 0 ? 0.3 : -0.3));
    const chance = pairedBootstrap(mixed, baseline);
    expect(chance.low).toBeLessThan(0);
    expect(chance.high).toBeGreaterThan(0);
  });

  it('gives the same interval for the same scores and refuses lists that are no pairs', () => {
    const scores = [0.1, 0.9, 0.4, 0.7];
    expect(pairedBootstrap(scores, [0, 0, 1, 0])).toEqual(pairedBootstrap(scores, [0, 0, 1, 0]));
    expect(() => pairedBootstrap([1], [])).toThrow('same queries');
    expect(pairedBootstrap([], [])).toEqual({ mean: 0, low: 0, high: 0 });
  });
});
