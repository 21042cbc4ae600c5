import { definitionOn } from './definitions.js';
import { contentKind } from './language.js';

const HEADING = /^ {0,3}#{1,6}\s+(\S.*)$/;

/**
 * What a text is about by its own words, on lines that have what `ofInterest` matches: the names that a piece of code
 * defines, line by line, by the rules of its language; the headings of Markdown; nothing for anything else.
 */
export function definitionsIn(text: string, language: string, ofInterest: RegExp): string[] {
  const kind = contentKind(language);
  if (kind === 'prose' || !ofInterest.test(text)) return [];
  const names = new Set<string>();
  for (const line of text.split('\n')) {
    if (!ofInterest.test(line)) continue;
    const start = line.trimStart();
    const name =
      kind === 'markdown'
        ? HEADING.exec(line)?.[1]
        : definitionOn(language, start, start.length === line.length)?.name;
    if (name !== undefined) names.add(name);
  }
  return [...names];
}
