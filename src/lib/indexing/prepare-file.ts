import { createHash } from 'node:crypto';
import { CHUNK_OVERLAP_TOKENS, CHUNK_TOKENS } from '../config.js';
import { chunkText } from '../corpus/chunk-text.js';
import { embeddingText } from '../corpus/embedding-text.js';
import { detectLanguage } from '../corpus/language.js';
import type { Chunk, CountTokens, FoundFile } from '../corpus/types.js';
import type { FileRecord, NewChunk } from '../store/types.js';

/** All that a file becomes in the index, ready to be put there in one transaction. */
export interface PreparedFile {
  readonly record: FileRecord;
  readonly chunks: readonly NewChunk[];
}

/** Cuts a file's text into chunks, each with the key of the text that is embedded. */
export function prepareFile(
  file: FoundFile,
  text: string,
  hash: string,
  countTokens: CountTokens,
): PreparedFile {
  const newline = text.indexOf('\n');
  const language = detectLanguage(file.path, newline < 0 ? text.slice(0, 256) : text.slice(0, newline));
  const chunks: NewChunk[] = [];
  const options = {
    path: file.path,
    language,
    countTokens,
    maxTokens: CHUNK_TOKENS,
    overlapTokens: CHUNK_OVERLAP_TOKENS,
  };
  for (const chunk of chunkText(text, options)) chunks.push(newChunk(file.path, language, chunk));
  return {
    record: {
      path: file.path,
      size: file.size,
      mtimeMs: file.mtimeMs,
      inode: file.inode,
      hash,
      language,
    },
    chunks,
  };
}

/** A chunk with its key, as the store takes it. */
export function newChunk(
  path: string,
  language: string,
  chunk: Pick<Chunk, 'startLine' | 'endLine' | 'text' | 'symbol'>,
): NewChunk {
  const { startLine, endLine, text, symbol } = chunk;
  return {
    startLine,
    endLine,
    text,
    ...(symbol === undefined ? {} : { symbol }),
    embeddingKey: embeddingKey(embeddingText({ path, language, ...chunk })),
  };
}

/** 128 bits of SHA-256, hex: equal texts share one vector, and a chance collision is out of reach. */
function embeddingKey(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
