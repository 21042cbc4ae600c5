import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { PROFILES } from '#dist/lib/models/profiles.js';

it('docs/models.md has a row for every profile, with its dimensions, pooling and licence', () => {
  const rows = readFileSync(new URL('../../docs/models.md', import.meta.url), 'utf8').split('\n');
  for (const { name, card, dimensions, pooling, licence } of PROFILES) {
    const row = rows.find((line) => line.includes(`[${name}](${card})`));
    expect(row, name).toMatch(new RegExp(`\\| ${dimensions}( \\(|\\s)`));
    expect(row, name).toContain(pooling);
    expect(row, name).toContain(licence);
  }
});
