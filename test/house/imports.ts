import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '../..');

export type ImportKind = 'static' | 'type' | 'dynamic' | 'require';

export interface Import {
  readonly kind: ImportKind;
  /** As it stands in the source; null where it is computed. */
  readonly specifier: string | null;
}

export interface SourceFile {
  /** Relative to the root of the repository, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

// Good enough because the formatter leaves one way to write each of these; held to it by a test.
const FROM = /^(?:import|export)\s+(type\s)?[^;'"]*?from\s*'([^']+)'/gm;
const BARE = /^import\s*'([^']+)'/gm;
const DYNAMIC = /\bimport\(\s*(?:'([^']+)'|([^)]*))/g;
const REQUIRE =
  /\brequire(?:\.resolve)?\(\s*(?:'([^']+)'|([^)]*))|createRequire\([^)]*\)(?:\.resolve)?\(\s*(?:'([^']+)'|([^)]*))/g;

/** Every module that a source file names, in any of the ways that there are. */
export function importsOf(text: string): Import[] {
  const code = text.replaceAll(/\/\*[^]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '');
  const found: Import[] = [];
  for (const [, type, specifier] of code.matchAll(FROM)) {
    found.push({ kind: type === undefined ? 'static' : 'type', specifier: specifier! });
  }
  for (const [, specifier] of code.matchAll(BARE)) found.push({ kind: 'static', specifier: specifier! });
  for (const [, specifier] of code.matchAll(DYNAMIC))
    found.push({ kind: 'dynamic', specifier: specifier ?? null });
  for (const [, first, , second] of code.matchAll(REQUIRE)) {
    found.push({ kind: 'require', specifier: first ?? second ?? null });
  }
  return found;
}

/** All files with one of the endings below a folder of the repository. */
export function filesBelow(folder: string, endings: readonly string[]): string[] {
  return readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => endings.some((ending) => name.endsWith(ending)))
    .map((name) => `${folder}/${name.split(path.sep).join('/')}`)
    .toSorted();
}

export function readSources(folder: string): SourceFile[] {
  return filesBelow(folder, ['.ts', '.js']).map((file) => {
    const text = readFileSync(path.join(ROOT, file), 'utf8');
    return { path: file, text, imports: importsOf(text) };
  });
}

/** The source file that a relative import means, or undefined for a package. */
export function target(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return path.posix.join(path.posix.dirname(from), specifier).replace(/\.js$/, '.ts');
}
