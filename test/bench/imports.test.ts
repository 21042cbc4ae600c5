import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { readSources, ROOT } from '../house/imports.js';

const NAMED = /^(?:import|export)\s*\{([^}]*)\}\s*from\s*'(\.[^']+)'/gm;

it('what the benchmarks import is there: a figure that nobody can make again is worth nothing', async () => {
  // Those that are installed to be compared with have folders of their own.
  const scripts = readSources('bench').filter((script) => !script.path.includes('/node_modules/'));
  expect(scripts.length).toBeGreaterThan(20);
  const missing: string[] = [];
  let checked = 0;
  for (const script of scripts) {
    for (const [, list, specifier] of script.text.matchAll(NAMED)) {
      const file = path.join(ROOT, path.dirname(script.path), specifier!);
      // Only a program does something when it is loaded, and no program is imported.
      const exported = await import(pathToFileURL(file).href).then(
        (module: object) => Object.keys(module),
        (error: unknown) => [String(error)],
      );
      const names = list!.split(',').map((name) => name.trim().split(/\s+as\s+/)[0]!);
      for (const name of names.filter((each) => each !== '')) {
        checked++;
        if (!exported.includes(name)) missing.push(`${script.path}: ${name} of ${specifier}`);
      }
    }
  }
  expect(checked).toBeGreaterThan(50);
  expect(missing).toEqual([]);
});
