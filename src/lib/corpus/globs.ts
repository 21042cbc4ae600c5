import picomatch from 'picomatch';

export type GlobMatch = (path: string) => string | undefined;

/**
 * Which of the globs matches a path relative to the root (`/` between the parts, none at the end), or undefined. A
 * glob without a slash matches a name at any depth; one that matches a folder matches all below it.
 */
export function globMatcher(globs: readonly string[]): GlobMatch {
  const matchers = globs.map((glob) => {
    const trimmed = glob.replace(/^\.?\//, '').replace(/\/+$/, '');
    const anywhere = trimmed.includes('/') || /^\.?\//.test(glob) ? trimmed : `**/${trimmed}`;
    const patterns = glob.endsWith('/') ? [`${anywhere}/**/*`] : [anywhere, `${anywhere}/**/*`];
    return { glob, matches: picomatch(patterns, { dot: true }) };
  });
  return (path) => matchers.find(({ matches }) => matches(path))?.glob;
}
