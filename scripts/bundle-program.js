// Puts bundles in the place of the program's entry points: the commands, the hooks, the main module with oclif, and
// the two children. Opening some 150 small files and half a megabyte of oclif's costs a third of a cold query.
// dist/lib stays as it was compiled: it is the library, and what the tests import.
import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const dist = path.join(path.dirname(path.dirname(fileURLToPath(import.meta.url))), 'dist');

function modulesIn(folder) {
  const names = readdirSync(path.join(dist, folder), { recursive: true });
  return names.filter((name) => name.endsWith('.js')).map((name) => path.join(dist, folder, name));
}

await build({
  entryPoints: [
    ...modulesIn('commands'),
    ...modulesIn('hooks'),
    path.join(dist, 'lib/cli/main.js'),
    path.join(dist, 'lib/indexing/index-child.js'),
  ],
  outdir: dist,
  outbase: dist,
  allowOverwrite: true,
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  // MCP's SDK would bring Ajv for what we never ask of it: a sixth of what it costs to load.
  alias: { '@modelcontextprotocol/server/_shims': path.join(import.meta.dirname, 'mcp-sdk-shims.js') },
  // Native modules, and what is looked for only where somebody has installed it.
  external: ['libsql', 'node-llama-cpp', 'ts-node'],
  // oclif and its dependencies are CommonJS.
  banner: {
    js: `import { createRequire as requireOf } from 'node:module';
import { dirname as folderOf } from 'node:path';
import { fileURLToPath as pathOf } from 'node:url';
const require = requireOf(import.meta.url), __filename = pathOf(import.meta.url), __dirname = folderOf(__filename);`,
  },
  legalComments: 'linked',
  logLevel: 'warning',
});

// The embedder's child is a CommonJS file: Node's loader of modules would take 0.9 MB of its memory.
const child = path.join(dist, 'lib/embedder/child');
await build({
  entryPoints: [`${child}.js`],
  outfile: `${child}.cjs`,
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  external: ['node-llama-cpp'],
  logLevel: 'warning',
});
for (const extension of ['.js', '.d.ts']) rmSync(`${child}${extension}`);
