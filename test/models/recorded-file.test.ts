import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { mayOpenRecorded } from '#dist/lib/models/recorded-file.js';
import { shippedModelPath } from '#dist/lib/models/resolve-model.js';

it('a recorded model file is opened where it cannot have come with the folder', () => {
  const base = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'embed-search-recorded-')));
  onTestFinished(() => rmSync(base, { recursive: true, force: true }));
  const root = path.join(base, 'project');
  mkdirSync(root);
  writeFileSync(path.join(root, 'm.gguf'), '');
  symlinkSync(root, path.join(base, 'link'));
  const mayOpen = (file: string) => mayOpenRecorded(file, [root]);
  expect(mayOpen(path.join(base, 'm.gguf'))).toBe(true);
  expect(mayOpen(path.join(base, 'project-models', 'm.gguf'))).toBe(true);
  for (const file of ['m.gguf', '../m.gguf', path.join(root, 'm.gguf'), path.join(base, 'link', 'm.gguf')]) {
    expect(mayOpen(file)).toBe(false);
  }
  // The program may be installed below what is indexed.
  expect(mayOpenRecorded(shippedModelPath(), ['/'])).toBe(true);
});
