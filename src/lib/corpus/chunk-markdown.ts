import { lineEnding } from './chunk-prose.js';
import { KEEP_APART, LARGE_SHARE, type Layout, type Span } from './layout.js';
import { isBlankLine, lineText, type TextLines } from './text-lines.js';

const MAX_HEADING_LENGTH = 300;
const ATX_HEADING = /^ {0,3}(#{1,6})(?:[ \t]+(.*))?$/;
const SETEXT_LINE = /^ {0,3}(=+|-+)$/;
const FENCE = /^\s{0,9}(?:[-*+]\s+|\d+[.)]\s+)?(`{3,}|~{3,})/;
const LIST_ITEM = /^\s*(?:[-*+]|\d+[.)])\s/;
const TABLE_ROW = /^\s*\|/;
const SENTENCE_END = /[.!?。！？…]["'”’)\]*_]*$/;

const SECTION_COST = -0.1;
const SECTION_COST_PER_LEVEL = 0.04;
const BLOCK_COST = 0.3;
const ITEM_COST = 0.5;
const BEFORE_FENCE_COST = 0.7;
const TABLE_COST = 0.8;
const SENTENCE_COST = 0.7;
const LINE_COST = 1;
const FENCE_GAP_COST = 1.6;
const FENCE_LINE_COST = 2.2;
const AFTER_HEADING_COST = 3;
const FENCE_EDGE_COST = 4;

interface Heading {
  readonly line: number;
  readonly level: number;
  readonly name: string;
  /** The line below that makes it a heading (`=====`). */
  readonly underline?: number;
}

/** Markdown is cut at headings, then between blocks, then between items and sentences; a fence stays whole where it fits. */
export function markdownLayout(lines: TextLines, tokens: Uint32Array, limit: number): Layout {
  const cutCosts = new Float64Array(lines.count);
  const inRun = new Uint8Array(lines.count);
  const headings: Heading[] = [];
  let fence: string | undefined;
  let isFrontMatter = false;
  let afterHeading = false;

  for (let line = 0; line < lines.count; line++) {
    if (isBlankLine(lines, line)) continue;
    const text = lineText(lines, line).slice(0, MAX_HEADING_LENGTH);
    const afterBlank = line > 0 && isBlankLine(lines, line - 1);
    const wasAfterHeading = afterHeading;
    afterHeading = false;

    if (isFrontMatter || (line === 0 && text === '---')) {
      cutCosts[line] = LINE_COST;
      isFrontMatter = line === 0 || text !== '---';
      continue;
    }
    if (fence !== undefined) {
      const closes = text.trim().startsWith(fence) && /^[`~]+$/.test(text.trim());
      cutCosts[line] = closes ? FENCE_EDGE_COST : afterBlank ? FENCE_GAP_COST : FENCE_LINE_COST;
      if (closes) fence = undefined;
      continue;
    }
    if (headings.at(-1)?.underline === line) {
      cutCosts[line] = FENCE_EDGE_COST;
      afterHeading = true;
      continue;
    }
    const heading = atxHeading(text, line) ?? setextHeading(lines, text, line);
    if (heading !== undefined) {
      headings.push(heading);
      cutCosts[line] = SECTION_COST + SECTION_COST_PER_LEVEL * heading.level;
      afterHeading = true;
      continue;
    }
    fence = FENCE.exec(text)?.[1];
    if (wasAfterHeading) cutCosts[line] = AFTER_HEADING_COST;
    else if (fence !== undefined) cutCosts[line] = BEFORE_FENCE_COST;
    else if (LIST_ITEM.test(text)) cutCosts[line] = ITEM_COST + (text.startsWith(' ') ? 0.2 : 0);
    else if (afterBlank) cutCosts[line] = BLOCK_COST;
    else if (TABLE_ROW.test(text)) cutCosts[line] = TABLE_COST;
    else {
      const endsSentence = line > 0 && SENTENCE_END.test(lineEnding(lines, line - 1));
      cutCosts[line] = endsSentence ? SENTENCE_COST : LINE_COST;
      inRun[line] = endsSentence ? 0 : 1;
    }
  }
  keepLargeSectionsApart(headings, cutCosts, tokens, limit);
  return { cutCosts, inRun, spans: sections(headings, lines.count) };
}

function atxHeading(text: string, line: number): Heading | undefined {
  const found = ATX_HEADING.exec(text);
  if (found === null) return undefined;
  return { line, level: found[1]?.length ?? 1, name: plainText((found[2] ?? '').replace(/\s#+$/, '')) };
}

function setextHeading(lines: TextLines, text: string, line: number): Heading | undefined {
  if (line + 1 >= lines.count || LIST_ITEM.test(text) || TABLE_ROW.test(text) || /^\s*>|^ {4}/.test(text))
    return undefined;
  const rule = SETEXT_LINE.exec(lineText(lines, line + 1).slice(0, MAX_HEADING_LENGTH))?.[1];
  // A lone `-` or `=` is more often a list or a diff than a heading.
  if (rule === undefined || rule.length < 2 || /^(-+|=+)$/.test(text.trim())) return undefined;
  return { line, level: rule.startsWith('=') ? 1 : 2, name: plainText(text), underline: line + 1 };
}

/** A heading as people read it: links give their text, marks of emphasis and code go. */
function plainText(markdown: string): string {
  return markdown
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/[*`]|\b_|_\b/g, '')
    .trim();
}

function keepLargeSectionsApart(
  headings: readonly Heading[],
  cutCosts: Float64Array,
  tokens: Uint32Array,
  limit: number,
): void {
  const large = limit * LARGE_SHARE;
  let before = sum(tokens, 0, headings[0]?.line ?? 0);
  for (const [index, { line }] of headings.entries()) {
    const own = sum(tokens, line, headings[index + 1]?.line ?? tokens.length);
    if (before >= large && own >= large) cutCosts[line] = KEEP_APART;
    before = own;
  }
}

/** From each heading to the next of its level or a higher one. */
function sections(headings: readonly Heading[], lineCount: number): Span[] {
  const ends = Array.from(headings, () => lineCount - 1);
  const open: number[] = [];
  for (const [index, { level, line }] of headings.entries()) {
    while (open.length > 0 && (headings[open.at(-1)!]?.level ?? 0) >= level) ends[open.pop()!] = line - 1;
    open.push(index);
  }
  return headings
    .map(({ line, name }, index) => ({ name, from: line, to: ends[index]! }))
    .filter(({ name }) => name !== '');
}

function sum(tokens: Uint32Array, from: number, to: number): number {
  let total = 0;
  for (let line = from; line < to; line++) total += tokens[line] ?? 0;
  return total;
}
