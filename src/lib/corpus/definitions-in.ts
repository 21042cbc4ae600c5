import { definitionOn } from './definitions.js';
import { contentKind } from './language.js';

/** The names that a piece of code defines, line by line, by the rules of its language; none for anything but code. */
export function definitionsIn(text: string, language: string): string[] {
  if (contentKind(language) !== 'code') return [];
  const names = new Set<string>();
  for (const line of text.split('\n')) {
    const start = line.trimStart();
    const name = start === '' ? undefined : definitionOn(language, start, start.length === line.length)?.name;
    if (name !== undefined) names.add(name);
  }
  return [...names];
}
