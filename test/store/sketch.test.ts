import { describe, expect, it } from 'vitest';
import { writeSketch } from '#dist/lib/store/shard-format.js';
import { Candidates, SketchScanner } from '#dist/lib/store/sketch.js';
import { makeKernel } from '#dist/lib/store/sketch-kernel.js';
import { randomNumbers, unit } from './fixtures.js';

const random = randomNumbers(77);
const randomVector = (dimensions: number): Float32Array =>
  unit(Float32Array.from({ length: dimensions }, () => random() + random() - 1));

/** What every row scores: all of them are candidates, so none is lost. */
function scoresOf(scanner: SketchScanner, query: Float32Array, rows: Float32Array[]): Map<number, number> {
  const rowBytes = Math.ceil(query.length / 32) * 4;
  const highest = scanner.prepare(query, rowBytes, rows.length);
  const sketch = scanner.sketch(rows.length);
  sketch.fill(0);
  rows.forEach((row, index) => writeSketch(row, sketch.subarray(index * rowBytes, (index + 1) * rowBytes)));
  const scores = new Map<number, number>();
  const all = new Uint8Array(Math.ceil(rows.length / 8)).fill(255);
  all[0]! &= ~2;
  const candidates = {
    threshold: -1,
    add: (score: number, location: number) => scores.set(location, score),
  } as unknown as Candidates;
  scanner.scan(rows.length, all, 1000, candidates);
  for (const score of scores.values()) expect(score).toBeLessThanOrEqual(highest);
  return scores;
}

describe('the sketch scan', () => {
  it('is in WebAssembly where there is any', () => expect(makeKernel(1)).toBeDefined());

  it.each([1, 33, 96, 100, 384, 768, 1000, 3584])(
    'gives the same scores in WebAssembly as without it (%i dimensions)',
    (dimensions) => {
      const rows = Array.from({ length: 203 }, () => randomVector(dimensions));
      const query = randomVector(dimensions);
      const byKernel = scoresOf(new SketchScanner(), query, rows);
      const byTable = scoresOf(new SketchScanner(() => undefined), query, rows);
      expect(byKernel).toEqual(byTable);
      expect([...byKernel.keys()]).toEqual([1000, ...Array.from({ length: 201 }, (_, row) => 1002 + row)]);
    },
  );

  it('scores the query itself highest and its opposite zero', () => {
    const query = randomVector(384);
    const opposite = query.map((value) => -value);
    const scores = scoresOf(new SketchScanner(), query, [query, opposite, opposite]);
    expect(scores.get(1002)).toBe(0);
    expect(scores.get(1000)).toBe(new SketchScanner().prepare(query, 48, 1));
  });

  it('serves queries of one length after those of another, of which the longest are more than the kernel adds up', () => {
    const scanner = new SketchScanner();
    for (const dimensions of [768, 96, 4_400, 384]) {
      const rows = Array.from({ length: 50 }, () => randomVector(dimensions));
      const query = randomVector(dimensions);
      expect(scoresOf(scanner, query, rows)).toEqual(scoresOf(new SketchScanner(), query, rows));
    }
  });
});

it.each([1, 15, 16, 17, 100])('a scan of %i rows says nothing of those behind them', (rows) => {
  const scanner = new SketchScanner();
  const query = randomVector(96);
  scanner.prepare(query, 12, 200);
  // What was there before: 200 rows, all of them the query itself and all allowed.
  const sketch = scanner.sketch(200).fill(0);
  for (let row = 0; row < 200; row++) writeSketch(query, sketch.subarray(row * 12, (row + 1) * 12));
  const found: number[] = [];
  const candidates = {
    threshold: -1,
    add: (_score: number, location: number) => found.push(location),
  } as unknown as Candidates;
  scanner.scan(200, new Uint8Array(25).fill(255), 0, candidates);
  found.length = 0;
  scanner.scan(rows, new Uint8Array(Math.ceil(rows / 8)).fill(255), 0, candidates);
  expect(found).toEqual(Array.from({ length: rows }, (_, row) => row));
});

describe('candidates', () => {
  it.each([1, 7, 100])('are the best %i of many, ties in favour of those that came first', (size) => {
    const candidates = new Candidates(size, 50);
    const offered = Array.from({ length: 5000 }, (_, location) => ({
      location,
      score: Math.floor(random() * 51),
    }));
    for (const { score, location } of offered)
      if (score > candidates.threshold) candidates.add(score, location);
    const best = offered.toSorted((a, b) => b.score - a.score || a.location - b.location).slice(0, size);
    expect([...candidates.locations()]).toEqual(
      best.map(({ location }) => location).toSorted((a, b) => a - b),
    );
  });
});
