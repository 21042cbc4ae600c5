import { describe, expect, it } from 'vitest';
import { diversify } from '#dist/lib/search/diversify.js';
import { fileKind } from '#dist/lib/search/file-kind.js';
import { rank } from '#dist/lib/search/rank.js';
import { understandQuery } from '#dist/lib/search/understand.js';
import { weightsFor } from '#dist/lib/search/weights.js';
import { verifies } from '../house/promises.js';

type Candidate = Parameters<typeof rank>[0][number];
const rules = { ranking: true, vectorShare: undefined };
/** In a folder of code, and in one of prose. */
const WEIGHTS = weightsFor('hybrid', { ...rules, codeShare: 1 });
const AMONG_PROSE = weightsFor('hybrid', { ...rules, codeShare: 0 });
const RANGES = {
  vector: { high: 0.8, low: 0.2 },
  words: { high: 10, low: 0 },
  fileWords: { high: 10, low: 0 },
};

/** After so long, what is new counts half. */
const MONTH = 30 * 86_400_000;

let ids = 0;
const fileIds = new Map<string, number>();
function candidate(path: string, given: Partial<Candidate> = {}): Candidate {
  if (!fileIds.has(path)) fileIds.set(path, fileIds.size + 1);
  return {
    chunkId: ++ids,
    fileId: fileIds.get(path)!,
    path,
    startLine: 1,
    vector: 0.5,
    words: 5,
    fileWords: 5,
    ...given,
  };
}

function order(query: string, candidates: readonly Candidate[], weights = WEIGHTS): string[] {
  const ranked = rank(candidates, understandQuery(query), RANGES, weights);
  return ranked.map((entry) => `${entry.candidate.path}:${entry.candidate.startLine}`);
}
const evidence = (given: Partial<Candidate['evidence'] & object>) => ({
  evidence: { defines: [], phrases: 0, wordShare: 0, ...given },
});

describe('what the ranking prefers, all else equal', () => {
  it('the chunk that defines what the query names', () => {
    const uses = candidate('src/a.ts', { words: 6 });
    const defines = candidate('src/z.ts', evidence({ defines: ['retryUpload'] }));
    expect(order('retryUpload', [uses, defines])[0]).toBe('src/z.ts:1');
    expect(order('where is `retryUpload` called from', [uses, defines])[0]).toBe('src/z.ts:1');
  });

  it('the section whose heading has the words of the query and no others', () => {
    const about = candidate('docs/a.md', {
      words: 6,
      ...evidence({ defines: ['Strategy 1: centralized error handling'] }),
    });
    const section = candidate('docs/z.md', evidence({ defines: ['Handling the errors'] }));
    expect(order('handling errors', [about, section])[0]).toBe('docs/z.md:1');
    expect(order('handling errors of a strategy', [about, section])[0]).toBe('docs/a.md:1');
  });

  it('the constant that a name is, and not what is called by a part of the name', () => {
    const part = candidate('src/a.ts', evidence({ defines: ['Timeout'] }));
    const whole = candidate('src/z.ts', evidence({ defines: ['DEFAULT_TIMEOUT'] }));
    expect(order('DEFAULT_TIMEOUT', [part, whole])[0]).toBe('src/z.ts:1');
    const ranked = rank([part], understandQuery('DEFAULT_TIMEOUT'), RANGES, WEIGHTS);
    expect(ranked[0]!.parts.definition).toBe(0);
    expect(
      order('timeout', [candidate('src/a.ts'), candidate('src/z.ts', evidence({ defines: ['Timeout'] }))])[0],
    ).toBe('src/z.ts:1');
  });

  it('code before the tests that stand in its file', () => {
    const both = [
      candidate('src/a.rs', { words: 6, symbol: 'test_read' }),
      candidate('src/a.rs', { startLine: 9, symbol: 'read' }),
    ];
    expect(order('numbers that are read', both)[0]).toBe('src/a.rs:9');
    expect(order('tests of numbers', both)[0]).toBe('src/a.rs:1');
  });

  it('source before its tests, unless tests are asked for', () => {
    const both = [candidate('src/parser.test.ts', { words: 6 }), candidate('src/zebra.ts')];
    expect(order('how are numbers read', both)[0]).toBe('src/zebra.ts:1');
    expect(order('tests for how numbers are read', both)[0]).toBe('src/parser.test.ts:1');
  });

  it('code before the prose about it, where code has what is asked for and prose is not', () => {
    const first = (query: string, share: number, weights = WEIGHTS) => {
      const both = [
        candidate('docs/a.md', { words: 6, ...evidence({ wordShare: 0.9 }) }),
        candidate('src/z.ts', { words: 5.8, ...evidence({ wordShare: share }) }),
      ];
      return order(query, both, weights)[0];
    };
    expect(first('numbers that are read', 0.6)).toBe('src/z.ts:1');
    expect(first('guide to numbers that are read', 0.6)).toBe('docs/a.md:1');
    expect(first('numbers of docs/a.md', 0.6)).toBe('docs/a.md:1');
    expect(first('numbers that are read', 0.2)).toBe('docs/a.md:1');
    expect(first('numbers that are read', 0.6, AMONG_PROSE)).toBe('docs/a.md:1');
  });

  it('a page before others whatever its name is, among prose', () => {
    const both = [candidate('common/history.md', { words: 6 }), candidate('common/zebra.ts')];
    expect(order('numbers that are read', both)[0]).toBe('common/zebra.ts:1');
    expect(order('numbers that are read', both, AMONG_PROSE)[0]).toBe('common/history.md:1');
  });

  it('the file that the query names, and one whose name has its words', () => {
    const both = [candidate('src/a.ts'), candidate('src/http-client.ts')];
    expect(order('what does http-client.ts do', both)[0]).toBe('src/http-client.ts:1');
    expect(order('the client for http', both)[0]).toBe('src/http-client.ts:1');
  });

  it('a file with several good chunks', () => {
    const lone = candidate('src/a.ts');
    const several = [1, 20, 40].map((startLine) => candidate('src/b.ts', { startLine }));
    expect(order('numbers', [lone, ...several])[0]).toBe('src/b.ts:1');
  });

  it('the same beside long tests and guides that are all about the matter', () => {
    const long = ['test/c.test.ts', 'docs/c.md'].flatMap((path) =>
      [1, 20, 40, 60, 80, 100, 120, 140].map((startLine) => candidate(path, { startLine })),
    );
    const lone = candidate('src/a.ts', { words: 6 });
    const several = [1, 20].map((startLine) => candidate('src/b.ts', { startLine }));
    expect(order('numbers', [...long, lone, ...several]).slice(0, 2)).toEqual(['src/b.ts:1', 'src/b.ts:20']);
  });

  it('a phrase that is there word for word; what has an excluded word goes last', () => {
    const has = candidate('src/b.ts', evidence({ phrases: 1 }));
    expect(order('"reset by peer" somewhere', [candidate('src/a.ts'), has])[0]).toBe('src/b.ts:1');
    const excluded = candidate('src/a.ts', { words: 10, isExcluded: true });
    expect(order('reset the peer -legacy', [excluded, candidate('src/b.ts', { words: 1 })]).at(-1)).toBe(
      'src/a.ts:1',
    );
  });

  it('a chunk with more of what the query says, and one whose file says the rest', () => {
    const few = candidate('src/a.ts', evidence({ wordShare: 0.3 }));
    const most = candidate('src/b.ts', evidence({ wordShare: 0.9 }));
    expect(order('numbers read from a file', [few, most])[0]).toBe('src/b.ts:1');
    const elsewhere = candidate('src/c.ts', { ...evidence({ wordShare: 0.3 }), fileWordShare: 0.9 });
    expect(order('numbers read from a file', [few, elsewhere])[0]).toBe('src/c.ts:1');
  });

  it('in a folder of three files, the one function that says it all before two long pages that say some of it', () => {
    const pages = ['docs/a.md', 'docs/b.md'].flatMap((path) =>
      [1, 20, 40, 60, 80, 100, 120, 140].map((startLine) =>
        candidate(path, { startLine, fileWordShare: 0.6, ...evidence({ wordShare: 0.4 }) }),
      ),
    );
    const said = { fileWordShare: 1, ...evidence({ wordShare: 1 }) };
    const does = candidate('src/z.ts', { vector: 0.6, words: 6, ...said });
    for (const weights of [WEIGHTS, AMONG_PROSE])
      expect(order('numbers read from a file', [...pages, does], weights)[0]).toBe('src/z.ts:1');
  });

  it('what is meant, the more the fewer of the words stand together, and never for a single leg', () => {
    const both = (wordShare: number) => [
      candidate('src/words.ts', { words: 10, vector: 0.5, ...evidence({ wordShare }) }),
      candidate('src/meaning.ts', { words: 5, vector: 0.8, ...evidence({ wordShare }) }),
    ];
    expect(order('numbers read from a file', both(1))[0]).toBe('src/words.ts:1');
    expect(order('numbers read from a file', both(0))[0]).toBe('src/meaning.ts:1');
    const lexical = weightsFor('lexical', { ...rules, codeShare: 1 });
    for (const { parts } of rank(both(0), understandQuery('numbers read from a file'), RANGES, lexical))
      expect(parts.vector).toBe(0);
  });

  it('what changed last, only where the query asks for it', () => {
    const now = Date.parse('2026-01-01');
    const old = candidate('src/a.ts', { modified: now - 1e11 });
    expect(order('recent changes of numbers', [old, candidate('src/b.ts', { modified: now })])[0]).toBe(
      'src/b.ts:1',
    );
  });
});

it('candidates that are ranked because many hits are asked for change no score of the others', () => {
  const newest = Date.parse('2026-01-01');
  const near = [
    candidate('src/upload.ts', { modified: newest }),
    candidate('src/upload.ts', { startLine: 20, modified: newest }),
    candidate('lib/b.ts', { vector: 0.6, modified: newest - MONTH }),
  ];
  const further = ['lib/b.ts', 'lib/b.ts', 'lib/upload.ts', 'bin/upload.ts'].map((path, at) =>
    candidate(path, {
      startLine: 100 + at,
      vector: 0.8,
      words: 9,
      modified: newest + MONTH,
      isFurther: true,
    }),
  );
  const scores = (candidates: readonly Candidate[]) => {
    const ranked = rank(candidates, understandQuery('recent changes of upload'), RANGES, WEIGHTS);
    return new Map(ranked.map((entry) => [entry.candidate.chunkId, entry]));
  };
  const [alone, beside] = [scores(near), scores([...near, ...further])];
  expect(beside.size).toBe(7);
  for (const [chunkId, { score }] of alone) expect(beside.get(chunkId)!.score).toBe(score);
  for (const { score, candidate: of, parts } of beside.values()) {
    expect(score).toBeLessThan(3);
    expect(parts.fileName > 0).toBe(of.path.endsWith('upload.ts'));
  }
});

it('the parts of a score add up to it, for every candidate', () => {
  verifies('explained-scores');
  const candidates = [
    candidate('test/a.test.ts', evidence({ phrases: 1, defines: ['numberParser'] })),
    candidate('src/number-parser.ts', { vector: undefined, isExcluded: true }),
    candidate('src/c.ts', { words: undefined, fileWords: undefined }),
  ];
  for (const entry of rank(candidates, understandQuery('number parser "x y" -old'), RANGES, WEIGHTS)) {
    const sum = Object.values(entry.parts).reduce((total: number, part) => total + Number(part), 0);
    expect(sum).toBeCloseTo(entry.score, 12);
  }
});

it('ties go by path and line, whatever the order and the ids of the chunks', () => {
  const paths = ['b.ts', 'a.ts', 'c.ts'];
  const lines = [30, 4, 200];
  const some = paths.flatMap((path) => lines.map((startLine) => candidate(path, { startLine })));
  const expected = [
    'a.ts:4',
    'a.ts:30',
    'a.ts:200',
    'b.ts:4',
    'b.ts:30',
    'b.ts:200',
    'c.ts:4',
    'c.ts:30',
    'c.ts:200',
  ];
  expect(order('numbers', some)).toEqual(expected);
  expect(
    order(
      'numbers',
      some.toReversed().map((each, chunkId) => ({ ...each, chunkId })),
    ),
  ).toEqual(expected);
});

it('scores that are all equal, empty legs and no candidates are no trouble', () => {
  const flat = { high: 3, low: 3 };
  const query = understandQuery('numbers');
  const ranked = rank(
    [candidate('a.ts', { words: 3 })],
    query,
    { vector: flat, words: flat, fileWords: flat },
    WEIGHTS,
  );
  expect(Number.isFinite(ranked[0]!.score)).toBe(true);
  expect(rank([], query, RANGES, WEIGHTS)).toEqual([]);
});

it('kinds count in full where half of the files are code, and by half where a quarter is', () => {
  expect(weightsFor('hybrid', { ...rules, codeShare: 0.5 }).kind).toEqual(WEIGHTS.kind);
  const { test } = weightsFor('hybrid', { ...rules, codeShare: 0.25 }).kind;
  expect(test).toBeCloseTo((1 + WEIGHTS.kind.test) / 2, 12);
  expect(new Set(Object.values(AMONG_PROSE.kind))).toEqual(new Set([1]));
});

describe('places for other files', () => {
  const ranked = (
    paths: readonly string[],
    scoreOf: (position: number) => number = (position) => 1 - position / 100,
  ) =>
    rank(
      paths.map((path, position) => candidate(path, { startLine: position })),
      understandQuery('x'),
      RANGES,
      WEIGHTS,
    ).map((entry, position) => ({ ...entry, score: scoreOf(position) }));
  const paths = (entries: readonly { readonly candidate: Candidate }[]) =>
    entries.map((entry) => entry.candidate.path);

  it('a file has at most three of ten while others match, and the order is kept otherwise', () => {
    verifies('other-files-get-a-place');
    const all = ranked([
      ...Array<string>(20).fill('a.ts'),
      ...Array.from({ length: 20 }, (_, index) => `b${index}.ts`),
    ]);
    const hits = paths(diversify(all, 20));
    for (const from of [0, 10])
      expect(hits.slice(from, from + 10).filter((path) => path === 'a.ts').length).toBeLessThanOrEqual(3);
    expect(hits.slice(0, 3)).toEqual(['a.ts', 'a.ts', 'a.ts']);
    expect(new Set(diversify(all, 40).map((entry) => entry.candidate.chunkId)).size).toBe(40);
  });

  it('where nothing else matches it has them all, and what hardly matches is nothing else', () => {
    expect(paths(diversify(ranked(Array<string>(8).fill('a.ts')), 10))).toHaveLength(8);
    const others = (share: number) => {
      const entries = ranked([...Array<string>(10).fill('a.ts'), 'b.ts'], (position) =>
        position < 10 ? 1 : share,
      );
      return paths(diversify(entries, 10)).filter((path) => path === 'b.ts').length;
    };
    expect([others(0.1), others(0.45), others(0.55)]).toEqual([0, 0, 1]);
  });
});

it.each([
  ['src/parser.ts', 'source'],
  ['src/latest/contest.py', 'source'],
  ['src/attestation.go', 'source'],
  ['tests/parser.py', 'test'],
  ['src/parser_test.go', 'test'],
  ['src/test_parser.py', 'test'],
  ['spec/models/user_spec.rb', 'test'],
  ['src/test/java/ParserTest.java', 'test'],
  ['src/components/Button.spec.tsx', 'test'],
  ['vendor/lib/a.go', 'vendored'],
  ['third_party/zlib/zlib.c', 'vendored'],
  ['src/legacy/parser.ts', 'legacy'],
  ['CHANGELOG.md', 'changelog'],
  ['package-lock.json', 'lock'],
  ['Cargo.lock', 'lock'],
  ['api/user.pb.go', 'generated'],
  ['examples/basic.rs', 'example'],
  ['src/types.d.ts', 'declaration'],
  ['src/index.ts', 'barrel'],
  ['pkg/__init__.py', 'barrel'],
  ['README', 'document'],
  ['docs/README.cross', 'document'],
  ['docs/guide.rst', 'document'],
  ['notes/plan.txt', 'document'],
  ['CMakeLists.txt', 'source'],
  ['requirements-dev.txt', 'source'],
  ['man/tmux.1', 'document'],
  ['docs/site/index.html', 'document'],
  ['man/perlfunc.3pm', 'document'],
  ['etc/sources.list.5', 'document'],
  ['doc/HISTORY', 'changelog'],
  ['bin/deploy', 'source'],
  ['src/docs/render.ts', 'source'],
  ['docs/conf.py', 'source'],
  ['docs/requirements.txt', 'source'],
  ['src/history.rs', 'source'],
  ['src/releases/deploy.ts', 'source'],
  ['src/components/todo.tsx', 'source'],
  ['install.sh', 'source'],
  ['docker/Dockerfile-3.8', 'source'],
  ['gemfiles/rails_6.1', 'source'],
  ['data/report-2024.1', 'source'],
  ['src/v1.2/parser.ts', 'source'],
  ['lib/libz.so.1', 'source'],
])('%s is of the kind %s', (path, kind) => {
  expect(fileKind(path)).toBe(kind);
});
