import { describe, expect, it } from 'vitest';
import { pathFilter } from '#dist/lib/search/path-filter.js';

const accepted = (within: string, globs: string[]) =>
  ['src/a.ts', 'src/lib/b.ts', 'src/lib/b.md', 'srcs/c.ts', 'lib/a.ts', 'src'].filter((path) =>
    pathFilter({ within, globs })!.accepts(path, 'typescript'),
  );

describe('a filter for what is within a folder', () => {
  it('matches globs below that folder, by the name alone where a glob has no slash', () => {
    expect(accepted('src', [])).toEqual(['src/a.ts', 'src/lib/b.ts', 'src/lib/b.md', 'src']);
    expect(accepted('src', ['*.ts'])).toEqual(['src/a.ts', 'src/lib/b.ts']);
    expect(accepted('src', ['/*.ts'])).toEqual(['src/a.ts']);
    expect(accepted('src', ['lib/**'])).toEqual(['src/lib/b.ts', 'src/lib/b.md']);
    expect(accepted('src/lib/b.ts', ['*.ts'])).toEqual(['src/lib/b.ts']);
  });

  it('lets no glob lead out of it', () => {
    for (const glob of ['!x/*.test.ts', 'x|**/*', '!*.md', '../**', '**', '{x,**}/*', '!(x)/**']) {
      expect(accepted('src', [glob]).filter((path) => !/^src(\/|$)/.test(path))).toEqual([]);
    }
    expect(accepted('src', ['!lib/**'])).toEqual(['src/a.ts', 'src']);
  });
});
