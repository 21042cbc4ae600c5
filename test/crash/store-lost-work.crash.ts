import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { embeddingText } from '#dist/lib/corpus/embedding-text.js';
import { openLocalStore } from '#dist/lib/store/local-store.js';
import { eventually } from '../e2e/processes.js';
import { contentsOf } from '../proof/contents.js';
import {
  completeIndex,
  removeScratchFolders,
  runIndex,
  scratchFolder,
  useDeterministicEmbedder,
} from '../proof/runs.js';
import { makeTree } from '../proof/tree.js';
import { randomNumbers } from '../store/made-up.js';
import { ROUNDS } from './rounds.js';

/** Of work: from when the first text was embedded that an interruption costs until the kill. */
const MOST_LOST_MILLISECONDS = 10_000;

const KILLS_EACH = Math.max(2, Math.round(ROUNDS / 20));

useDeterministicEmbedder();
afterAll(removeScratchFolders);

describe('an interrupted run', () => {
  let root: string;
  beforeAll(() => {
    root = scratchFolder();
    makeTree(root, randomNumbers(7));
  });

  // A text of a large model on a small machine takes seconds, one of the shipped model milliseconds.
  test.each([5, 100, 1_500])(
    'with an embedder that takes %i ms for each text loses at most 10 s of work, and the next one continues',
    async (textMilliseconds) => {
      const random = randomNumbers(textMilliseconds);
      const expected = path.join(scratchFolder(), 'index');
      await completeIndex({ root, indexDir: expected });
      let most = 0;
      const killOnce = async (): Promise<void> => {
        const indexDir = path.join(scratchFolder(), 'index');
        const log = path.join(scratchFolder(), 'embedded');
        const { signal } = await runIndex(
          { build: 'dist', options: { root, indexDir } },
          {
            kill: async () => {
              await eventually(() => existsSync(log));
              await delay(random() * Math.min(20_000, textMilliseconds * 300));
            },
            environment: {
              EMBED_SEARCH_TEST_TEXT_MS: String(textMilliseconds),
              EMBED_SEARCH_TEST_EMBEDDED: log,
            },
          },
        );
        const killed = Date.now();
        if (signal === null) return; // it was quicker than the kill
        const kept = await textsWithVectors(indexDir);
        const lines = readFileSync(log, 'utf8').split('\n').slice(0, -1);
        const embedded = lines
          .map((line) => JSON.parse(line) as [at: number, text: string])
          .filter(([at]) => at <= killed);
        const lost = embedded.filter(([, text]) => !kept.has(text));
        if (lost.length > 0) {
          // The text that was embedded first of them took its time before that.
          most = Math.max(most, killed - lost[0]![0] + textMilliseconds);
        }
        const before = kept.size;
        const { result } = await completeIndex({ root, indexDir });
        expect(result.files.indexed).toBe(0);
        expect(result.chunks.embedded).toBeLessThanOrEqual(result.chunks.total - before);
        expect(await contentsOf(indexDir)).toEqual(await contentsOf(expected));
      };
      await Promise.all(Array.from({ length: KILLS_EACH }, killOnce));
      console.log(`${textMilliseconds} ms a text, ${KILLS_EACH} kills: at most ${most} ms of work lost`);
      expect(most).toBeLessThan(MOST_LOST_MILLISECONDS);
    },
  );
});

async function textsWithVectors(indexDir: string): Promise<Set<string>> {
  const reader = await openLocalStore(indexDir).openReader();
  const texts = new Set<string>();
  for (const file of reader.files())
    for (const chunk of reader.chunksOfFile(file.id))
      if ((await reader.vectorOf(chunk.id)) !== undefined) texts.add(embeddingText(chunk));
  reader.close();
  return texts;
}
