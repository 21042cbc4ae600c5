import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { readSources, ROOT } from '../house/imports.js';

it('what the benchmarks name is there: a figure that nobody can make again is worth nothing', () => {
  // Those that are installed to be compared with have folders of their own.
  const scripts = readSources('bench').filter((script) => !script.path.includes('/node_modules/'));
  expect(scripts.length).toBeGreaterThan(20);
  const missing = scripts.flatMap((script) =>
    script.imports
      .flatMap(({ specifier }) => (specifier?.startsWith('.') === true ? [specifier] : []))
      .filter((specifier) => !existsSync(path.join(ROOT, path.dirname(script.path), specifier)))
      .map((specifier) => `${script.path}: ${specifier}`),
  );
  expect(missing).toEqual([]);
});
