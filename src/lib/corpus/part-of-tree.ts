import { comparePaths } from './path-order.js';

/** Paths from `from` (inclusive) to `to` (exclusive), in the order of `comparePaths`. */
export interface PathRange {
  readonly from: string;
  readonly to: string;
}

/** Some paths and all that lies below them, as a walk and an index look for it. */
export class PartOfTree {
  readonly #whole: ReadonlySet<string>;
  /** Folder (ends with `/`, the root is empty) to the names in it that lead to what is asked for. */
  readonly #ways = new Map<string, Set<string>>();

  /** Below the root, `/` between the names and none at the end; the empty path is the root itself. */
  constructor(paths: Iterable<string>) {
    const asked = new Set(paths);
    const isCovered = (path: string): boolean =>
      (path !== '' && asked.has('')) || parentsOf(path).some((parent) => asked.has(parent));
    this.#whole = new Set([...asked].filter((path) => !isCovered(path)));
    for (const path of this.#whole) {
      const names = path.split('/');
      names.forEach((name, depth) => {
        const folder = names
          .slice(0, depth)
          .map((parent) => `${parent}/`)
          .join('');
        const ways = this.#ways.get(folder) ?? new Set();
        this.#ways.set(folder, ways.add(name));
      });
    }
  }

  /** Is everything in this folder asked for? */
  covers(folder: string): boolean {
    if (this.#whole.has('')) return true;
    for (let end = folder.indexOf('/'); end >= 0; end = folder.indexOf('/', end + 1)) {
      if (this.#whole.has(folder.slice(0, end))) return true;
    }
    return false;
  }

  /** Is this, in a folder that is not covered, asked for or a folder (ends with `/`) on the way to what is? */
  leadsOn(folder: string, name: string): boolean {
    if (!name.endsWith('/')) return this.#whole.has(folder + name);
    return this.#ways.get(folder)?.has(name.slice(0, -1)) === true;
  }

  /** What it covers, in order and without overlap. */
  ranges(): PathRange[] {
    if (this.#whole.has('')) return [{ from: '', to: '\u{10FFFF}' }];
    // `0` is the character after `/`; what lies between a name and the name with its `/` belongs to others.
    const ranges = [...this.#whole].flatMap((path) => [
      { from: path, to: `${path}\u0001` },
      { from: `${path}/`, to: `${path}0` },
    ]);
    return ranges.sort((a, b) => comparePaths(a.from, b.from));
  }
}

function parentsOf(path: string): string[] {
  const names = path.split('/').slice(0, -1);
  return names.map((_, depth) => names.slice(0, depth + 1).join('/'));
}
