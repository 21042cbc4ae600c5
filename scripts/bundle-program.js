// Puts bundles in the place of the program's entry points: the commands, the hooks, the main module with oclif, and
// the embedder's child. Opening some 150 small files and half a megabyte of oclif's costs a third of a cold query.
// dist/lib stays as it was compiled: it is the library, and what the tests import.
import { readdirSync } from 'node:fs';
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
    path.join(dist, 'lib/embedder/child.js'),
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
