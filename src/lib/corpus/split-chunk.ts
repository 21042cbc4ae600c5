import type { Chunk } from './types.js';

export type Piece = Pick<Chunk, 'text' | 'startLine' | 'endLine' | 'symbol'>;

/**
 * Cuts a chunk that the model found too long into `into` pieces of like length: between lines, else between
 * words, else between characters. Nothing but the line breaks and blanks at a cut is lost. A chunk of fewer than two
 * characters comes back as it is.
 */
export function splitChunk(chunk: Piece, into: number): Piece[] {
  const { text } = chunk;
  const pieces: Piece[] = [];
  let line = chunk.startLine;
  let left = Math.max(1, into);
  for (let from = 0; from < text.length; left = Math.max(1, left - 1)) {
    const size = Math.ceil((text.length - from) / left);
    const to = left === 1 ? text.length : cutNear(text, from, from + size, Math.ceil(size / 2));
    const part = text.slice(from, to);
    const kept = part.trimEnd().replace(/^(?:[^\S\n]*\n)+/, '');
    if (kept !== '') {
      const start = line + lineBreaks(part.slice(0, part.indexOf(kept)));
      const symbol = chunk.symbol === undefined ? {} : { symbol: chunk.symbol };
      pieces.push({ text: kept, startLine: start, endLine: start + lineBreaks(kept), ...symbol });
    }
    line += lineBreaks(part);
    from = to;
  }
  return pieces;
}

/** The best place to cut in `target` - `slack` ... `target` + `slack`: after a line break, else after a blank, else at `target`. */
function cutNear(text: string, from: number, target: number, slack: number): number {
  const low = Math.max(from + 1, target - slack);
  const high = Math.min(text.length - 1, target + slack);
  for (const isCut of [(code: number) => code === 10, (code: number) => code === 32 || code === 9]) {
    for (let distance = 0; distance <= slack; distance++) {
      for (const at of [target - distance, target + distance]) {
        if (at >= low && at <= high && isCut(text.charCodeAt(at - 1))) return at;
      }
    }
  }
  return isLowSurrogate(text.charCodeAt(target)) && target + 1 < text.length ? target + 1 : target;
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}

function lineBreaks(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
