import type { Layout } from './layout.js';
import { isBlankLine, type TextLines } from './text-lines.js';

const PARAGRAPH_COST = 0.1;
const SENTENCE_COST = 0.4;
const LINE_COST = 0.8;

const SENTENCE_END = /[.!?。！？…:]["'”’)\]]*$/;

/** Prose is cut between paragraphs, else after a line that ends a sentence, else between lines. */
export function proseLayout(lines: TextLines): Layout {
  const cutCosts = new Float64Array(lines.count);
  const inRun = new Uint8Array(lines.count);
  for (let line = 1; line < lines.count; line++) {
    if (isBlankLine(lines, line - 1)) {
      cutCosts[line] = PARAGRAPH_COST;
      continue;
    }
    const endsSentence = SENTENCE_END.test(lineEnding(lines, line - 1));
    cutCosts[line] = endsSentence ? SENTENCE_COST : LINE_COST;
    inRun[line] = endsSentence ? 0 : 1;
  }
  return { cutCosts, inRun, spans: [] };
}

/** The last few characters of a line: enough to see what it ends with. */
export function lineEnding(lines: TextLines, line: number): string {
  const end = lines.ends[line] ?? 0;
  return lines.text.slice(Math.max(lines.starts[line] ?? 0, end - 4), end);
}
