import { atomsOf } from './atoms.js';
import { codeLayout } from './chunk-code.js';
import { markdownLayout } from './chunk-markdown.js';
import { proseLayout } from './chunk-prose.js';
import { embeddingBody, embeddingHeader, embeddingText } from './embedding-text.js';
import { contentKind } from './language.js';
import type { Layout, Span } from './layout.js';
import { pack, type AtomRange } from './pack.js';
import { lineText, textLines, type TextLines } from './text-lines.js';
import type { Chunk, ChunkOptions } from './types.js';

// A chunk of text without words (rules of dashes, brackets) has no tokens to be bounded by. Code has about 5
// characters a token, deeply indented code 10.
const MAX_CHARACTERS_PER_TOKEN = 16;

// This share of a chunk's tokens makes it a piece of the definition that holds them.
const NEARLY_ALL = 0.75;

/**
 * Cuts the text of a file where its own structure allows: code at definitions and statements, Markdown at headings
 * and blocks, prose at paragraphs and sentences. Every line that is not blank is in at least one chunk, every chunk's
 * embedded text has at most `maxTokens`, and as few chunks are made as that structure allows. Time is linear.
 */
export function* chunkText(text: string, options: ChunkOptions): Generator<Chunk> {
  const { path, language, countTokens, maxTokens } = options;
  const body = embeddingBody(language);
  const tokensOf = (part: string): number => countTokens(body(part));
  const header = embeddingHeader(path, language);
  const limits = {
    tokens: Math.max(1, maxTokens - (header === '' ? 0 : countTokens(header))),
    characters: maxTokens * MAX_CHARACTERS_PER_TOKEN,
    overlap: options.overlapTokens,
    overlapCharacters: options.overlapTokens * MAX_CHARACTERS_PER_TOKEN,
  };

  const lines = textLines(text);
  const tokens = lineTokens(lines, tokensOf, limits.characters);
  const layout = layoutOf(lines, language, tokens, limits.tokens);
  const atoms = atomsOf(lines, layout, tokens, limits, tokensOf);
  const symbolOf = symbolFinder(layout.spans, tokens);

  let ordinal = 0;
  const fits = ({ from, to }: AtomRange): boolean => {
    const part = text.slice(atoms[from]!.start, atoms[to - 1]!.end);
    return countTokens(embeddingText({ path, language, text: part })) <= maxTokens;
  };
  for (const packed of pack(atoms, limits)) {
    for (const { from, to } of fitting(packed, fits)) {
      const [first, last] = [atoms[from]!, atoms[to - 1]!];
      const symbol = symbolOf(first.line, last.line);
      yield {
        ordinal: ordinal++,
        startLine: first.line + 1,
        endLine: last.line + 1,
        text: text.slice(first.start, last.end),
        ...(symbol === undefined ? {} : { symbol }),
      };
    }
  }
}

function layoutOf(lines: TextLines, language: string, tokens: Uint32Array, limit: number): Layout {
  const kind = contentKind(language);
  if (kind === 'code') return codeLayout(lines, language, tokens, limit);
  return kind === 'markdown' ? markdownLayout(lines, tokens, limit) : proseLayout(lines);
}

/** Lines that are too long anyway are counted word by word, later: not twice. */
function lineTokens(
  lines: TextLines,
  tokensOf: (text: string) => number,
  maxCharacters: number,
): Uint32Array {
  const tokens = new Uint32Array(lines.count);
  for (let line = 0; line < lines.count; line++) {
    const length = lines.ends[line]! - lines.starts[line]!;
    if (length > 0) tokens[line] = length > maxCharacters ? length : tokensOf(lineText(lines, line));
  }
  return tokens;
}

/**
 * Tokens add up over words, but not over the pieces of one word, nor with every tokenizer: what turns out too long
 * is halved until it fits.
 */
function* fitting(range: AtomRange, fits: (range: AtomRange) => boolean): Generator<AtomRange> {
  const { from, to } = range;
  if (to - from < 2 || fits(range)) {
    yield range;
    return;
  }
  const middle = from + Math.floor((to - from) / 2);
  yield* fitting({ from, to: middle }, fits);
  yield* fitting({ from: middle, to }, fits);
}

/**
 * The name of the innermost span that holds most of given lines by their tokens: a last method is found under its
 * name in spite of the brace of its class, and a function in spite of the imports above it. Lines must be asked for
 * in order.
 */
function symbolFinder(
  spans: readonly Span[],
  tokens: Uint32Array,
): (first: number, last: number) => string | undefined {
  let next = 0;
  let near: Span[] = [];
  return (first, last) => {
    while (next < spans.length && spans[next]!.from <= last) near.push(spans[next++]!);
    near = near.filter(({ to }) => to >= first);
    const held = ({ from, to }: Span): number => {
      let total = 0;
      for (let line = Math.max(from, first); line <= Math.min(to, last); line++) total += tokens[line]!;
      return total;
    };
    const all = held({ name: '', from: first, to: last });
    if (all === 0) return near.findLast(({ from, to }) => from <= first && to >= last)?.name;
    const inner = near.findLast((span) => held(span) >= all * NEARLY_ALL);
    return (inner ?? near.findLast((span) => held(span) > all / 2))?.name;
  };
}
