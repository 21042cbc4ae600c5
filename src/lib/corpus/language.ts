import { LANGUAGES, type CommentStyle, type Language } from './languages.js';
import type { ContentKind } from './types.js';

const byName = new Map(LANGUAGES.map((language) => [language.name, language]));
const byAlias = indexBy((language) => language.aliases);
const byExtension = indexBy((language) => language.extensions);
const byFile = indexBy((language) => language.files);
const byInterpreter = indexBy((language) => language.interpreters);

/**
 * The language of a file by its name, its extension or, for a script without one, the program that its first line
 * (`#!`) names. `text` where nothing is known.
 */
export function detectLanguage(path: string, firstLine = ''): string {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  return (
    (byFile.get(name) ?? languageOfExtension(name) ?? languageOfShebang(firstLine) ?? languageOfStem(name))
      ?.name ?? 'text'
  );
}

/** How the text of a language is cut and embedded; unknown languages count as prose. */
export function contentKind(language: string): ContentKind {
  return byName.get(language)?.kind ?? 'prose';
}

/** How the language writes a line comment. */
export function commentStyle(language: string): CommentStyle {
  return byName.get(language)?.comment ?? 'none';
}

/** Every name that `detectLanguage` can return, in alphabetical order. */
export function languageNames(): string[] {
  return [...byName.keys()].toSorted();
}

/** The name of a language as typed (`TypeScript`, `ts`, `c++`), or undefined for one that is not known. */
export function resolveLanguage(name: string): string | undefined {
  const typed = name.trim().toLowerCase().replace(/^\./, '');
  return (byName.get(typed) ?? byAlias.get(typed) ?? byExtension.get(typed))?.name;
}

function languageOfExtension(name: string): Language | undefined {
  const dot = name.lastIndexOf('.');
  return dot === -1 ? undefined : byExtension.get(name.slice(dot + 1));
}

/** `Dockerfile.dev`, `Makefile.am`, `LICENSE-MIT`: what stands before the first separator is the kind of file. */
function languageOfStem(name: string): Language | undefined {
  return byFile.get(/^[^.\-_ ]+/.exec(name)?.[0] ?? '');
}

/** `#!/usr/bin/env -S python3.11 -u` -> python. */
function languageOfShebang(firstLine: string): Language | undefined {
  if (!firstLine.startsWith('#!')) return undefined;
  const words = firstLine.slice(2, 256).trim().split(/\s+/);
  let program = words[0] ?? '';
  if (/(^|\/)env$/.test(program)) {
    program = words.slice(1).find((word) => !word.startsWith('-') && !word.includes('=')) ?? '';
  }
  const name = program.slice(program.lastIndexOf('/') + 1).toLowerCase();
  return byInterpreter.get(name) ?? byInterpreter.get(name.replace(/[\d.]+$/, ''));
}

function indexBy(keys: (language: Language) => readonly string[]): Map<string, Language> {
  const index = new Map<string, Language>();
  for (const language of LANGUAGES) {
    for (const key of keys(language)) if (!index.has(key)) index.set(key, language);
  }
  return index;
}
