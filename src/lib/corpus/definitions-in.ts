import { definitionOn, MAX_LINE_START } from './definitions.js';
import { contentKind } from './language.js';

// `const NAME: type = `, `NAME = `, `static const int NAME[] = `, `#define NAME`: where the line has nothing before it, or
// the name is in capitals, which no local variable is.
const MODIFIERS = String.raw`(?:(?:export|pub(?:\([^)]*\))?|public|private|protected|internal|static|final|readonly|const|constexpr|inline|extern|let|var|val|declare|mut|my|our|local)\s+)*`;
const TYPE = String.raw`(?:\w+(?:(?:\.|::)\w+)*(?:<[^=]*>)?(?:\[\])?[\s*&]+)?`;
const ASSIGNED = new RegExp(
  String.raw`^${MODIFIERS}${TYPE}[$@%]?([A-Za-z_]\w*)(?:\[[^\]]*\])?\s*(?::[^=()]*)?=(?![=>~])`,
);
const MACRO = /^#\s*define\s+(\w+)/;
const CAPITALS = /^[A-Z][A-Z0-9_]+$/;

const HEADING = /^ {0,3}#{1,6}\s+(\S.*)$/;

/**
 * What a text is about by its own words, on lines that have one of `words` in `lower`, which is lowerCaseInPlace(text): the
 * names that a piece of code defines, line by line, by the rules of its language; the headings of Markdown; nothing for
 * anything else.
 */
export function definitionsIn(
  text: string,
  lower: string,
  language: string,
  words: readonly string[],
): string[] {
  const kind = contentKind(language);
  if (kind === 'prose') return [];
  const places: number[] = [];
  for (let index = 0; index < words.length; index++) places.push(lower.indexOf(words[index]!));
  const names: string[] = [];
  for (;;) {
    const place = firstOf(places);
    if (place === -1) return names;
    const beginning = text.lastIndexOf('\n', place) + 1;
    const newline = text.indexOf('\n', place);
    const end = newline === -1 ? text.length : newline;
    const name = nameOn(text.slice(beginning, end), language, kind);
    if (name !== undefined && !names.includes(name)) names.push(name);
    for (let index = 0; index < words.length; index++)
      if (places[index] !== -1 && places[index]! <= end)
        places[index] = lower.indexOf(words[index]!, end + 1);
  }
}

/** Of places in a text; -1 where each is -1. */
function firstOf(places: readonly number[]): number {
  let first = -1;
  for (let index = 0; index < places.length; index++)
    if (places[index] !== -1 && (first === -1 || places[index]! < first)) first = places[index]!;
  return first;
}

function nameOn(line: string, language: string, kind: 'code' | 'markdown'): string | undefined {
  if (kind === 'markdown') return HEADING.exec(line)?.[1];
  const start = line.trimStart();
  const isAtMargin = start.length === line.length;
  return definitionOn(language, start, isAtMargin)?.name ?? constantOn(start, isAtMargin);
}

function constantOn(start: string, isTopLevel: boolean): string | undefined {
  const head = start.slice(0, MAX_LINE_START);
  const name = (MACRO.exec(head) ?? ASSIGNED.exec(head))?.[1];
  return name !== undefined && (isTopLevel || CAPITALS.test(name)) ? name : undefined;
}
