import { describe, expect, it } from 'vitest';
import { importsOf, readSources, target, type Import, type SourceFile } from './imports.js';
import { verifies } from './promises.js';

const sources = readSources('src');
const byPath = new Map(sources.map((source) => [source.path, source]));

const GROUND = ['errors', 'config', 'memory'];
const MATERIALS = ['corpus', 'embedder', 'models', 'store'];
const JOBS = ['indexing', 'search', 'evaluation', 'mcp', 'diagnostics', 'catalog'];

/** Which rooms the files of a room may name: the picture is in CONTRIBUTING.md. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  config: ['errors'],
  memory: ['errors'],
  ...Object.fromEntries(MATERIALS.map((room) => [room, GROUND])),
  indexing: [...MATERIALS, ...GROUND],
  search: [...MATERIALS, ...GROUND],
  diagnostics: ['indexing', ...MATERIALS, ...GROUND],
  // Not for mcp: a tool never fetches a model.
  catalog: [...MATERIALS, ...GROUND],
  // Judges what a search answers, so it asks one.
  evaluation: ['search', 'store', ...GROUND],
  mcp: ['indexing', 'search', 'diagnostics', ...GROUND],
  cli: [...JOBS, ...GROUND],
  commands: ['cli', ...JOBS, ...GROUND],
  hooks: ['cli', ...GROUND],
  // The library is the sum of the jobs, with the types and the two factories that a caller needs.
  index: [...JOBS, ...MATERIALS, ...GROUND],
};

/** Packages that are large, native or for terminals only, and the rooms that may name them. */
const PACKAGE_ROOMS: readonly [RegExp, readonly string[]][] = [
  [/^@oclif\//, ['commands', 'cli', 'hooks']],
  [/^(ora|cli-progress)$/, ['cli']],
  [/^(libsql|vectra)$/, ['store']],
  [/^(node-llama-cpp|@node-llama-cpp\/.*)$/, ['embedder']],
  [/^@modelcontextprotocol\//, ['mcp']],
  [/^undici$/, ['catalog']],
  [/^(ignore|picomatch)$/, ['corpus', 'search', 'indexing']],
];

/**
 * Nothing here speaks to a network but `model pull`, by undici, and the server that a user asks for, on this machine.
 * The embedder's end of its pipe is a socket that it was born with.
 */
const NETWORK = /^(node:)?(net|http|https|http2|dgram|dns|tls|inspector|cluster)(\/.*)?$/;
const PIPE_FILES = [
  'src/lib/embedder/child.ts',
  'src/lib/embedder/session.ts',
  'src/lib/embedder/spawn-child.ts',
];

/** The one that listens. */
const LISTENER = 'src/lib/mcp/serve-http.ts';

function roomOf(file: string): string {
  const parts = file
    .replace(/^src\//, '')
    .replace(/^lib\//, '')
    .split('/');
  return parts[0]!.replace(/\.ts$/, '');
}

/** What stands against a rule, as lines that say so. */
function offences(check: (source: SourceFile, each: Import) => string | undefined): string[] {
  return sources.flatMap((source) =>
    source.imports.flatMap((each) => {
      const problem = check(source, each);
      return problem === undefined ? [] : [`${source.path}: ${problem}`];
    }),
  );
}

/** Every file that can be reached from `entries` over the kinds of imports given. */
function reachable(entries: readonly string[], kinds: readonly Import['kind'][]): Set<string> {
  const seen = new Set<string>();
  const waiting = [...entries];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    for (const { kind, specifier } of byPath.get(file)?.imports ?? []) {
      if (specifier !== null && kinds.includes(kind)) waiting.push(target(file, specifier) ?? specifier);
    }
  }
  return seen;
}

const entries = sources
  .map((source) => source.path)
  .filter((file) => /^src\/(index\.ts|commands\/|hooks\/)/.test(file));

describe('the rooms', () => {
  it('are all known', () => {
    expect(sources.map((source) => roomOf(source.path)).filter((room) => !(room in MAY_IMPORT))).toEqual([]);
  });

  it('import only what the picture in CONTRIBUTING.md lets them', () => {
    const crossed = offences((source, { specifier }) => {
      const file = specifier === null ? undefined : target(source.path, specifier);
      if (file === undefined) return undefined;
      const [from, to] = [roomOf(source.path), roomOf(file)];
      return from === to || MAY_IMPORT[from]?.includes(to)
        ? undefined
        : `${from} may not import ${to} (${specifier})`;
    });
    expect(crossed).toEqual([]);
  });
});

describe('packages and platform', () => {
  it('heavy and native packages stay in their rooms', () => {
    const strays = offences((source, { specifier }) => {
      const rooms = PACKAGE_ROOMS.find(([name]) => specifier !== null && name.test(specifier))?.[1];
      return rooms === undefined || rooms.includes(roomOf(source.path))
        ? undefined
        : `${specifier} belongs to ${rooms.join(', ')}`;
    });
    expect(strays).toEqual([]);
  });

  it('no file names a network module, but for the ends of the pipe, which only take the Socket of a file descriptor', () => {
    verifies('no-network');
    const networked = offences((source, { specifier, kind }) => {
      if (specifier === null || !NETWORK.test(specifier) || kind === 'type') return undefined;
      if (specifier === 'node:http' && source.path === LISTENER) return undefined;
      const isPipe = specifier === 'node:net' && PIPE_FILES.includes(source.path);
      return isPipe && /^import \{ Socket \} from 'node:net';$/m.test(source.text)
        ? undefined
        : `${specifier} is a network module`;
    });
    expect(networked).toEqual([]);
    const callers = sources.filter(({ text }) =>
      /\bfetch\(|\bWebSocket\b|\.(connect|listen)\(|createServer\(/.test(text),
    );
    expect(callers.map((source) => source.path)).toEqual([LISTENER]);
    expect(callers[0]!.text).toContain("const LOOPBACK = '127.0.0.1';");
    expect(callers[0]!.text.match(/\.listen\([^)]*\)/g)).toEqual(['.listen(port, LOOPBACK, resolve)']);
  });

  it('modules of Node are named with node:, and names are never computed outside the embedder', () => {
    const builtins =
      /^(assert|buffer|child_process|crypto|events|fs|module|os|path|process|readline|stream|url|util|v8|zlib)(\/|$)/;
    const unclear = offences((source, { specifier }) => {
      if (specifier === null) return roomOf(source.path) === 'embedder' ? undefined : 'a computed import';
      return builtins.test(specifier) ? `${specifier} lacks node:` : undefined;
    });
    expect(unclear).toEqual([]);
  });

  it('nobody but the command line writes to the terminal', () => {
    // The child's stderr is its own: a ring buffer in the host reads it.
    const allowed = (file: string) =>
      ['commands', 'cli', 'hooks'].includes(roomOf(file)) || CHILD_SIDE.includes(file);
    const writers = sources.filter(
      ({ text, path }) => !allowed(path) && /\bconsole\.|process\.std(out|err)\.write/.test(text),
    );
    expect(writers.map((source) => source.path)).toEqual([]);
  });

  it('the processes talk over the pipe, never by process.send', () => {
    verifies('private-pipe');
    const senders = sources.filter(({ text }) => /process\.send\b|\bfork\(|stdio:[^\n]*'ipc'/.test(text));
    expect(senders.map((source) => source.path)).toEqual([]);
  });
});

const CHILD_SIDE = [
  'src/lib/embedder/child.ts',
  'src/lib/embedder/direct-runtime.ts',
  'src/lib/embedder/compat-runtime.ts',
];

describe('what a process loads', () => {
  it('no way leads from the host to the program of the embedder or to native model code', () => {
    verifies('host-holds-no-model');
    const host = reachable(entries, ['static', 'dynamic', 'require']);
    expect(CHILD_SIDE.filter((file) => host.has(file))).toEqual([]);
    expect([...host].filter((name) => /node-llama-cpp/.test(name))).toEqual([]);
    expect(host).toContain('libsql'); // the way to everything else is seen
  });

  it('no way leads from the embedder to the index, the corpus or the command line', () => {
    const child = reachable(['src/lib/embedder/child.ts'], ['static', 'dynamic', 'require']);
    const strangers = [...child].filter(
      (file) => file.startsWith('src/') && !['embedder', ...GROUND].includes(roomOf(file)),
    );
    expect(strangers).toEqual([]);
    expect(child).toContain('src/lib/embedder/direct-runtime.ts');
  });

  it('SQLite, vectra, spinner, bar and MCP are not loaded before a command runs', () => {
    verifies('light-start');
    const commands = entries.filter((file) => file !== 'src/index.ts');
    const early = reachable(commands, ['static']);
    expect(
      [...early].filter((name) =>
        /^(libsql|vectra|ora|cli-progress|undici|@modelcontextprotocol\/.*)$/.test(name),
      ),
    ).toEqual([]);
  });
});

it('the reader of imports sees every way to write one', () => {
  const source = [
    "import a, { b } from 'static-one';",
    "import {\n  c,\n  type D,\n} from './static-two.js';",
    "import type { E } from 'type-one';",
    "export * from './static-three.js';",
    "export { f } from './static-four.js';",
    "export type { G } from './type-two.js';",
    "import 'static-five';",
    "const h = await import('dynamic-one');",
    'const i = await import(computed);',
    "const j = createRequire(import.meta.url)('require-one');",
    "const k = require('require-two');",
    "// import l from 'comment-one';",
    "/* import m from 'comment-two'; */",
    "const n = 'words from nowhere';",
  ].join('\n');
  const found = importsOf(source).map(({ kind, specifier }) => `${kind} ${specifier}`);
  expect(found.toSorted()).toEqual([
    'dynamic dynamic-one',
    'dynamic null',
    'require require-one',
    'require require-two',
    'static ./static-four.js',
    'static ./static-three.js',
    'static ./static-two.js',
    'static static-five',
    'static static-one',
    'type ./type-two.js',
    'type type-one',
  ]);
});
