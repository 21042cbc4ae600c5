import path from 'node:path';
import { expect, test } from 'vitest';
import { verifies } from '../house/promises.js';
import { embeddingText } from '#dist/lib/corpus/embedding-text.js';
import { createEmbedder } from '#dist/lib/embedder/create-embedder.js';
import { resolveModel } from '#dist/lib/models/resolve-model.js';
import { openLocalStore } from '#dist/lib/store/local-store.js';
import { makeFolder, run, SMALL_PROJECT } from './cli.js';
import { paragraphs } from './prose.js';

test('every vector of the index equals a fresh embedding of its chunk', async () => {
  verifies('vectors-are-true');
  const folder = makeFolder({
    ...SMALL_PROJECT,
    'notes.txt': paragraphs(6),
    // A text that the tokenizer turns into far more tokens than any estimate by length would say.
    'symbols.md': `# Symbols\n\n${'∀x∈ℝ∃y⊂ℤ ⇒ ∮∯∰ '.repeat(80)}\n`,
  });
  expect((await run(['index', folder])).exitCode).toBe(0);
  const reader = await openLocalStore(path.join(folder, '.embed-search')).openReader();
  const embedder = createEmbedder({ model: await resolveModel(undefined) });
  try {
    let compared = 0;
    for (const file of reader.files()) {
      for (const chunk of reader.chunksOfFile(file.id)) {
        const stored = await reader.vectorOf(chunk.id);
        const fresh = await embedder.embed(embeddingText(chunk));
        if (!fresh.ok || !stored) throw new Error(`${chunk.path}:${chunk.startLine} has no vector`);
        const cosine = stored.reduce((sum, value, index) => sum + value * fresh.vector[index]!, 0);
        expect(cosine).toBeGreaterThan(0.9995);
        compared += 1;
      }
    }
    expect(compared).toBe(reader.counts().chunks);
    expect(compared).toBeGreaterThan(10);
  } finally {
    await embedder.close();
    reader.close();
  }
});
