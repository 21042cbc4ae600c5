import type { Layout } from './layout.js';
import { isBlankLine, type TextLines } from './text-lines.js';

/** What is never cut while chunks are packed: a line, or a word of a line that is too long. Blank lines are in none. */
export interface Atom {
  /** offsets in the text */
  readonly start: number;
  readonly end: number;
  /** 0-based */
  readonly line: number;
  readonly tokens: number;
  /** The cost of a cut before it, in chunks (see Layout). */
  readonly cutCost: number;
  /** A cut before it goes through a run of text. */
  readonly inRun: boolean;
}

export interface AtomLimits {
  /** tokens of one chunk, header not counted */
  readonly tokens: number;
  /** UTF-16 code units of one chunk */
  readonly characters: number;
}

const SENTENCE_END = /[.!?。！？…]["'”’)\]]*$/;
const PUNCTUATION = /[,;(){}[\]<>=&|/+\-.:]/;
const CLAUSE_END = /[,;:)\]}>]$/;
const SENTENCE_COST = 0.4;
const CLAUSE_COST = 0.8;
const WORD_COST = 1;
const INSIDE_WORD_COST = 1.5;

/** The lines of a text as atoms. `tokensOf` gives the tokens that a piece of text adds to what is embedded. */
export function atomsOf(
  lines: TextLines,
  layout: Layout,
  tokens: Uint32Array,
  limits: AtomLimits,
  tokensOf: (text: string) => number,
): Atom[] {
  const atoms: Atom[] = [];
  for (let line = 0; line < lines.count; line++) {
    if (isBlankLine(lines, line)) continue;
    const start = lines.starts[line] ?? 0;
    const end = lines.ends[line] ?? 0;
    const cutCost = layout.cutCosts[line] ?? 0;
    const inRun = layout.inRun[line] === 1;
    const lineTokens = tokens[line] ?? 0;
    if (lineTokens <= limits.tokens && end - start <= limits.characters) {
      atoms.push({ start, end, line, tokens: lineTokens, cutCost, inRun });
      continue;
    }
    const first = atoms.length;
    for (const word of wordAtoms(lines.text, start, end, line, limits, tokensOf)) {
      atoms.push(atoms.length === first ? { ...word, cutCost, inRun } : word);
    }
  }
  return atoms;
}

function* wordAtoms(
  text: string,
  start: number,
  end: number,
  line: number,
  limits: AtomLimits,
  tokensOf: (text: string) => number,
): Generator<Atom> {
  // A word that would fill a good part of a chunk is cut too, between its characters.
  const maxTokens = Math.max(1, Math.floor(limits.tokens / 4));
  const maxCharacters = Math.max(1, Math.floor(limits.characters / 8));
  let cutCost = WORD_COST;
  for (const [from, to] of words(text, start, end)) {
    let tokens = to - from <= maxCharacters ? tokensOf(text.slice(from, to)) : Number.POSITIVE_INFINITY;
    if (tokens <= maxTokens) {
      yield { start: from, end: to, line, tokens, cutCost, inRun: cutCost > SENTENCE_COST };
    } else {
      for (const [pieceStart, pieceEnd] of characterPieces(
        text,
        from,
        to,
        Math.min(maxCharacters, maxTokens),
      )) {
        tokens = tokensOf(text.slice(pieceStart, pieceEnd));
        yield { start: pieceStart, end: pieceEnd, line, tokens, cutCost, inRun: cutCost > SENTENCE_COST };
        cutCost = INSIDE_WORD_COST;
      }
    }
    const ending = text.slice(Math.max(from, to - 4), to);
    cutCost = SENTENCE_END.test(ending) ? SENTENCE_COST : CLAUSE_END.test(ending) ? CLAUSE_COST : WORD_COST;
  }
}

function* words(text: string, start: number, end: number): Generator<[number, number]> {
  const pattern = /\S+/g;
  pattern.lastIndex = start;
  for (let found = pattern.exec(text); found !== null && found.index < end; found = pattern.exec(text)) {
    yield [found.index, Math.min(end, pattern.lastIndex)];
  }
}

/** Pieces of at most `size` code units that end behind punctuation where there is some, and never within a surrogate pair. */
function* characterPieces(text: string, from: number, to: number, size: number): Generator<[number, number]> {
  for (let start = from; start < to;) {
    let end = Math.min(to, start + size);
    if (end < to) {
      for (let at = end; at > start + size / 2; at--) {
        if (PUNCTUATION.test(text.charAt(at - 1))) {
          end = at;
          break;
        }
      }
      const code = text.charCodeAt(end);
      if (code >= 0xdc00 && code <= 0xdfff) end += end - start > 1 ? -1 : 1;
    }
    yield [start, end];
    start = end;
  }
}
