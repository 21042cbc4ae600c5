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
 * What a text is about by its own words, on lines that have what `ofInterest` matches: the names that a piece of code
 * defines, line by line, by the rules of its language; the headings of Markdown; nothing for anything else. `ofInterest`
 * needs the flag g, and matches nothing that goes over the end of a line.
 */
export function definitionsIn(text: string, language: string, ofInterest: RegExp): string[] {
  const kind = contentKind(language);
  if (kind === 'prose') return [];
  const names = new Set<string>();
  for (let from = 0; from < text.length;) {
    ofInterest.lastIndex = from;
    const found = ofInterest.exec(text);
    if (found === null) break;
    const beginning = text.lastIndexOf('\n', found.index) + 1;
    const end = text.indexOf('\n', found.index);
    const line = text.slice(beginning, end === -1 ? text.length : end);
    const start = line.trimStart();
    const name =
      kind === 'markdown'
        ? HEADING.exec(line)?.[1]
        : (definitionOn(language, start, start.length === line.length)?.name ??
          constantOn(start, start.length === line.length));
    if (name !== undefined) names.add(name);
    from = beginning + line.length + 1;
  }
  return [...names];
}

function constantOn(start: string, isTopLevel: boolean): string | undefined {
  const head = start.slice(0, MAX_LINE_START);
  const name = (MACRO.exec(head) ?? ASSIGNED.exec(head))?.[1];
  return name !== undefined && (isTopLevel || CAPITALS.test(name)) ? name : undefined;
}
