import { expect, test } from 'vitest';
import { asksForMeaning } from '#dist/lib/cli/asks-for-meaning.js';

test.each([
  [['query', 'retry upload'], {}, true],
  [['query', '--mode', 'vector', 'retry upload'], {}, true],
  [['query', 'retry upload', '--mode', 'lexical'], {}, false],
  [['query', '--mode=lexical', 'retry upload'], {}, false],
  [['query', '--help'], {}, false],
  [['query', 'retry upload', '--lanes', '4'], {}, false],
  [['query', 'retry upload'], { EMBED_SEARCH_MODE: 'lexical' }, false],
  [['index', '.'], {}, false],
  [[], {}, false],
])('%j with %j starts the embedder early: %s', (args, environment, expected) => {
  expect(asksForMeaning(args, environment)).toBe(expected);
});
