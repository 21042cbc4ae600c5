import { definitionOn, MAX_LINE_START } from './definitions.js';
import { contentKind } from './language.js';
import { lowerCaseInPlace } from './words.js';

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
 * What a text is about by its own words, on lines that have one of `words` (in lower case, none empty; undefined: on each line):
 * the names that a piece of code defines, line by line, by the rules of its language; the headings of Markdown; nothing for
 * anything else.
 */
export function definitionsIn(
  text: string,
  language: string,
  words: readonly string[] | undefined,
): string[] {
  const kind = contentKind(language);
  if (kind === 'prose') return [];
  const lower = words === undefined ? '' : lowerCaseInPlace(text);
  const places: number[] = [];
  const names: string[] = [];
  for (let from = 0; from < text.length;) {
    const at = words === undefined ? from : nextOf(words, lower, from, places);
    if (at === -1) break;
    const beginning = text.lastIndexOf('\n', at - 1) + 1;
    const newline = text.indexOf('\n', at);
    const end = newline === -1 ? text.length : newline;
    const name = nameOn(text.slice(beginning, end), language, kind);
    if (name !== undefined && !names.includes(name)) names.push(name);
    from = end + 1;
  }
  return names;
}

/** Where the next of any of the words stands, or -1; `places`: where each stood when it was last looked for. */
function nextOf(words: readonly string[], lower: string, from: number, places: number[]): number {
  let next = -1;
  for (let index = 0; index < words.length; index++) {
    let place = places[index];
    if (place === undefined || (place !== -1 && place < from)) {
      place = lower.indexOf(words[index]!, from);
      places[index] = place;
    }
    if (place !== -1 && (next === -1 || place < next)) next = place;
  }
  return next;
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
