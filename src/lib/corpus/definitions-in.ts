import { definitionOn } from './definitions.js';
import { contentKind } from './language.js';

/**
 * The names that a piece of code defines, line by line, by the rules of its language, on lines that have what
 * `ofInterest` matches; none for anything but code.
 */
export function definitionsIn(text: string, language: string, ofInterest: RegExp): string[] {
  if (contentKind(language) !== 'code' || !ofInterest.test(text)) return [];
  const names = new Set<string>();
  for (const line of text.split('\n')) {
    if (!ofInterest.test(line)) continue;
    const start = line.trimStart();
    const name = start === '' ? undefined : definitionOn(language, start, start.length === line.length)?.name;
    if (name !== undefined) names.add(name);
  }
  return [...names];
}
