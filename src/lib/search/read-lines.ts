import type { FileHandle } from 'node:fs/promises';
import { TextDecoder } from 'node:util';
import { decode, hasNul, SNIFFED_BYTES } from '../corpus/decode.js';
import { EmbedSearchError } from '../errors.js';
import { type AskedFile, openContained, type ReadGuard } from './contained-file.js';

export interface LinesRequest extends AskedFile {
  /** 1-based; both ends count. */
  readonly startLine: number;
  readonly endLine: number;
}

export interface ReadLines {
  readonly lines: readonly string[];
  readonly startLine: number;
  /** Of the file, where its end was reached. */
  readonly totalLines?: number;
  /** Why there is less than was asked for. */
  readonly cut?: string;
}

const BLOCK_BYTES = 64 * 1024;
/** A line so far into a file is not looked for. */
export const SCANNED_BYTES = 64 * 1024 * 1024;
/** What one answer holds at most, characters. */
export const ANSWER_CHARACTERS = 64 * 1024;
/** Of one line, characters: what is longer was not written by hand. */
export const LINE_CHARACTERS = 2_000;

/**
 * Lines of a text file, read block by block up to the last one that is asked for. Errors: PATH_NOT_FOUND,
 * NO_PERMISSION for a file that is refused or no text, USAGE for lines that it does not have.
 */
export async function readLines(request: LinesRequest, guards?: readonly ReadGuard[]): Promise<ReadLines> {
  const { handle } = await openContained(request, guards);
  try {
    return await collect(handle, request);
  } finally {
    await handle.close();
  }
}

async function collect(handle: FileHandle, { file, startLine, endLine }: LinesRequest): Promise<ReadLines> {
  const lines: string[] = [];
  let characters = 0;
  let line = 0;
  let rest = '';
  let cut: string | undefined;
  let atEnd = true;
  const take = (text: string): boolean => {
    line += 1;
    if (line < startLine) return true;
    const clipped = text.length > LINE_CHARACTERS;
    const shown = clipped ? `${text.slice(0, LINE_CHARACTERS)}…` : text.replace(/\r$/, '');
    if (characters + shown.length > ANSWER_CHARACTERS) {
      cut = `The answer is full; go on from line ${line}.`;
      return false;
    }
    if (clipped) cut = `Lines of more than ${LINE_CHARACTERS} characters are cut.`;
    characters += shown.length + 1;
    lines.push(shown);
    return line < endLine;
  };

  for await (const text of decodedBlocks(handle, file)) {
    if (text === undefined) {
      cut = `Only the first ${SCANNED_BYTES / 1024 / 1024} MB of a file are read.`;
      atEnd = false;
      break;
    }
    let from = 0;
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', from)) {
      const whole = rest + text.slice(from, at);
      rest = '';
      from = at + 1;
      if (!take(whole)) return { lines, startLine, ...(cut === undefined ? {} : { cut }) };
    }
    // Of a line without an end nothing more is kept than is shown.
    rest = (rest + text.slice(from)).slice(0, LINE_CHARACTERS + 1);
  }
  if (rest !== '' && atEnd) take(rest);
  if (lines.length === 0 && startLine > Math.max(1, line)) {
    const has = atEnd ? `has ${line} lines` : `has no line ${startLine} in what is read of it`;
    throw new EmbedSearchError('USAGE', `${file} ${has}.`, { fix: 'Ask for lines that the file has.' });
  }
  return {
    lines,
    startLine,
    ...(atEnd ? { totalLines: line } : {}),
    ...(cut === undefined ? {} : { cut }),
  };
}

/** The file as text; an undefined at the end says that there is more than is read. */
async function* decodedBlocks(handle: FileHandle, file: string): AsyncGenerator<string | undefined> {
  const buffer = Buffer.allocUnsafe(BLOCK_BYTES);
  let decoder: TextDecoder | undefined;
  let position = 0;
  while (position < SCANNED_BYTES) {
    const { bytesRead } = await handle.read(buffer, 0, BLOCK_BYTES, position);
    if (bytesRead === 0) {
      if (decoder) yield decoder.decode();
      return;
    }
    const block = buffer.subarray(0, bytesRead);
    decoder ??= new TextDecoder(encodingOf(block, file));
    yield decoder.decode(block, { stream: true });
    position += bytesRead;
  }
  yield undefined;
}

function encodingOf(block: Buffer, file: string): string {
  const start = block.subarray(0, SNIFFED_BYTES);
  const encoding = hasNul(start) ? undefined : decode(start)?.encoding;
  if (encoding !== undefined) return encoding;
  throw new EmbedSearchError('NO_PERMISSION', `${file} is not read: it is no text.`, {
    fix: 'Name a text file.',
  });
}
