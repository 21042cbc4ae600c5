import { expect, test } from 'vitest';
import { verifies } from '../house/promises.js';
import { makeFolder, runJson } from './cli.js';
import { paragraphs } from './prose.js';

test('the host stays under 100 MB in every command', async () => {
  verifies('host-memory');
  const folder = makeFolder(
    Object.fromEntries(
      Array.from({ length: 60 }, (_, file) => [`notes/${file}.txt`, paragraphs(8, file + 1)]),
    ),
  );
  const commands = [
    ['index', folder],
    ['index', folder],
    ['query', 'violin harbor', '--path', folder],
    ['query', 'violin harbor', '--path', folder, '--mode', 'lexical'],
    ['status', '--path', folder],
  ];
  for (const args of commands) {
    const { document } = await runJson(args);
    expect(document.ok).toBe(true);
    const { host } = document.result.memory;
    expect(host.peakRssBytes, args.join(' ')).toBeLessThan(100 * 1024 * 1024);
    expect(host.v8HeapUsedBytes).toBeLessThan(host.v8HeapLimitBytes);
  }
});
