// Makes dist/lib/store/vectra-bundle.js, vectra's LocalIndex. Left out is what the index never calls: vectra's own
// BM25 (wink-nlp and its language model, 100 MB of memory), its documents, its file storage and its codecs, since the
// store brings its own.
import { copyFileSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import { build } from 'esbuild';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const vectra = path.dirname(path.dirname(fileURLToPath(import.meta.resolve('vectra'))));
const version = JSON.parse(readFileSync(path.join(vectra, 'package.json'), 'utf8')).version;

const leftOut = {
  name: 'left-out',
  setup(bundler) {
    const names = /^(uuid|wink-.*|\.\/LocalDocument|\.\/storage|\.\/codecs)$/;
    bundler.onResolve({ filter: names }, ({ path: name }) => ({ path: name, namespace: 'left-out' }));
    bundler.onLoad({ filter: /./, namespace: 'left-out' }, ({ path: name }) => ({
      contents: `const fail = () => { throw new Error(${JSON.stringify(`${name} of vectra is not bundled`)}); };
        module.exports = new Proxy(fail, { get: (_, key) => (key === '__esModule' ? true : fail) });`,
    }));
  },
};

await build({
  stdin: { contents: "export { LocalIndex } from './lib/LocalIndex.js';", resolveDir: vectra },
  outfile: path.join(root, 'dist/lib/store/vectra-bundle.js'),
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  banner: {
    js: `/*\nvectra ${version}, its LocalIndex\n\n${readFileSync(path.join(vectra, 'LICENSE'), 'utf8').trim()}\n*/`,
  },
  plugins: [leftOut],
  logLevel: 'warning',
});

// The compiler reads declarations in src and does not copy them.
copyFileSync(
  path.join(root, 'src/lib/store/vectra-bundle.d.ts'),
  path.join(root, 'dist/lib/store/vectra-bundle.d.ts'),
);
