import { LIMITS } from './limits.js';

/** A JSON Schema (2020-12) in the words that every client knows: no unions, no references. */
export type Schema = Readonly<Record<string, unknown>>;

function object(properties: Record<string, Schema>, required: readonly string[] = []): Schema {
  return { type: 'object', properties, required, additionalProperties: false };
}

function list(items: Schema, limits: Schema = {}): Schema {
  return { type: 'array', items, ...limits };
}

function whole(description: string, minimum: number, maximum: number, preset?: number): Schema {
  return {
    type: 'integer',
    description,
    minimum,
    maximum,
    ...(preset === undefined ? {} : { default: preset }),
  };
}

const text: Schema = { type: 'string' };
const number: Schema = { type: 'number' };
const count: Schema = { type: 'integer', minimum: 0 };
const lineNumber: Schema = { type: 'integer', minimum: 1 };
const filePath = (description: string): Schema => ({
  type: 'string',
  description,
  minLength: 1,
  maxLength: LIMITS.pathCharacters,
});

export const PRESETS = { limit: 10, maxTokens: 4_000, lines: 200 } as const;

const hitCount = whole('How many hits.', 1, LIMITS.hits, PRESETS.limit);
const tokenBudget = whole(
  'Room for snippets, in tokens; the best hits get theirs first.',
  100,
  LIMITS.tokens,
  PRESETS.maxTokens,
);
const explain: Schema = {
  type: 'boolean',
  description: 'Also give the parts of each score.',
  default: false,
};

export const SEARCH_INPUT = object(
  {
    query: {
      type: 'string',
      description: 'What you look for: a sentence about what it does, or a name.',
      minLength: 1,
      maxLength: LIMITS.queryCharacters,
    },
    limit: hitCount,
    by: {
      type: 'string',
      enum: ['chunk', 'file'],
      description: 'One hit a passage, or one a file.',
      default: 'chunk',
    },
    path: filePath('Only below this folder or in this file.'),
    globs: list(
      { type: 'string', minLength: 1, maxLength: LIMITS.globCharacters },
      {
        description: 'Only files that one of these matches, for example "src/**/*.ts".',
        maxItems: LIMITS.globs,
      },
    ),
    languages: list(
      { type: 'string', minLength: 1, maxLength: 50 },
      { description: 'Only files in these languages.', maxItems: LIMITS.globs },
    ),
    minConfidence: {
      type: 'string',
      enum: ['low', 'medium', 'high'],
      description: 'Nothing rather than hits that fit worse.',
      default: 'low',
    },
    context: whole('Lines before and after each snippet.', 0, LIMITS.contextLines, 0),
    maxTokens: tokenBudget,
    explain,
  },
  ['query'],
);

export const SIMILAR_INPUT = object(
  {
    path: filePath('A file, as hits name it.'),
    line: { ...lineNumber, description: 'A line of the passage to compare with.' },
    limit: hitCount,
    maxTokens: tokenBudget,
    explain,
  },
  ['path', 'line'],
);

export const LINES_INPUT = object(
  {
    path: filePath('A file, as hits name it.'),
    startLine: { ...lineNumber, description: 'The first line; default 1.', default: 1 },
    endLine: { ...lineNumber, description: `The last line; default: ${PRESETS.lines} lines.` },
  },
  ['path'],
);

export const UPDATE_INPUT = object({
  path: filePath('Which folder, where the server has several; default: all.'),
});

export const STATUS_INPUT = object({});

const state: Schema = {
  type: 'string',
  enum: ['searched', 'not-indexed', 'being-indexed'],
  description: 'Only "searched" says that there is nothing else to find.',
};
const staleFiles = object({ files: count, paths: list(text), isWhole: { type: 'boolean' } }, [
  'files',
  'paths',
  'isWhole',
]);
const staleness: Schema = {
  ...object({ changed: count, added: count, removed: count }, ['changed', 'added', 'removed']),
  description: 'Left out where it takes too long to find out.',
};
const warnings: Schema = {
  ...list(text),
  description:
    'Left out where there are none. Of vectors that are missing or damaged: update_index mends it.',
};
const coverage = object({ chunks: count, withVectors: count }, ['chunks', 'withVectors']);

const places = (description: string): Schema => ({
  ...list(
    object({ path: text, startLine: lineNumber, endLine: lineNumber }, ['path', 'startLine', 'endLine']),
  ),
  description,
});

const hit = object(
  {
    rank: lineNumber,
    path: { ...text, description: 'Relative to root.' },
    root: text,
    startLine: lineNumber,
    endLine: lineNumber,
    language: text,
    symbol: text,
    snippet: { ...text, description: 'Left out where the token budget has no room.' },
    snippetStartLine: lineNumber,
    score: number,
    duplicates: places('Where nearly the same text stands too.'),
    scores: object({ vector: number, lexical: number }),
    uri: text,
  },
  ['rank', 'path', 'root', 'startLine', 'endLine', 'language', 'score', 'uri'],
);

export const HITS_OUTPUT = object(
  {
    state,
    confidence: { type: 'string', enum: ['low', 'medium', 'high'] },
    hits: list(hit),
    copies: places('Where the passage that was compared stands too; those are not among the hits.'),
    omittedSnippets: count,
    coverage,
    degraded: { ...text, description: 'Words alone answered, and why.' },
    stale: staleFiles,
    warnings,
    fix: { ...text, description: 'What to do where nothing was searched.' },
    milliseconds: number,
  },
  ['state', 'hits', 'omittedSnippets'],
);

export const LINES_OUTPUT = object(
  {
    path: text,
    root: text,
    startLine: lineNumber,
    endLine: count,
    totalLines: count,
    text,
    cut: text,
    uri: text,
  },
  ['path', 'root', 'startLine', 'endLine', 'text', 'uri'],
);

const updated = object(
  {
    root: text,
    state: { type: 'string', enum: ['done', 'in-part', 'failed'] },
    seconds: number,
    files: object({ seen: count, indexed: count, unchanged: count, removed: count, skipped: count }),
    chunks: object({ embedded: count, removed: count, total: count, withVectors: count }),
    error: object({ code: text, message: text, fix: text }, ['code', 'message', 'fix']),
  },
  ['root', 'state'],
);
export const UPDATE_OUTPUT = object({ roots: list(updated) }, ['roots']);

const rootStatus = object(
  {
    root: text,
    state: { type: 'string', enum: ['ready', 'not-indexed', 'being-indexed', 'unusable'] },
    indexDir: text,
    generation: count,
    files: count,
    chunks: count,
    coverage,
    languages: list(object({ language: text, files: count, chunks: count }, ['language', 'files', 'chunks'])),
    model: object({ id: text, dimensions: count }, ['id', 'dimensions']),
    lastRun: object({ outcome: text, startedAt: text, endedAt: text, detail: text }, [
      'outcome',
      'startedAt',
    ]),
    bytes: count,
    stale: staleness,
    warnings,
    progress: text,
    error: object({ code: text, message: text, fix: text }, ['code', 'message', 'fix']),
    fix: text,
  },
  ['root', 'state'],
);
export const STATUS_OUTPUT = object(
  {
    version: text,
    roots: list(rootStatus),
    embedder: object({ state: text, health: text, reason: text, restarts: count }, [
      'state',
      'health',
      'restarts',
    ]),
    memory: object(
      {
        hostBytes: count,
        hostPeakBytes: count,
        heapBytes: count,
        embedderBytes: count,
        embedderAnonymousBytes: count,
        embedderFileBackedBytes: count,
      },
      ['hostBytes', 'hostPeakBytes', 'heapBytes'],
    ),
    calls: object({ running: count, waiting: count }, ['running', 'waiting']),
  },
  ['version', 'roots', 'embedder', 'memory', 'calls'],
);
