const SURROGATES = /[\uD800-\uDFFF]/;

/**
 * Which path comes first by the bytes of its UTF-8, the order of SQLite's text and of git's index: negative, 0 or
 * positive. Source of the fix-up: Unicode technical note 12, UTF-16 in code point order.
 */
export function comparePaths(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const one = a.charCodeAt(index);
    const other = b.charCodeAt(index);
    if (one !== other) return codePointRank(one) - codePointRank(other);
  }
  return a.length - b.length;
}

/** In place. Names of folders carry their `/`, so that whole paths come in order when each folder is gone through in turn. */
export function sortPaths(paths: string[]): string[] {
  // The built-in order is that of UTF-16, which differs only where there are surrogates, and is much faster.
  return paths.some((path) => SURROGATES.test(path)) ? paths.sort(comparePaths) : paths.sort();
}

/** Surrogates stand for code points above all others. */
function codePointRank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
}
