import { createHash } from 'node:crypto';
import { CHUNK_OVERLAP_TOKENS, CHUNK_TOKENS } from '../config.js';
import { chunkText } from '../corpus/chunk-text.js';
import { embeddingText } from '../corpus/embedding-text.js';
import { detectLanguage } from '../corpus/language.js';
import type { Chunk, CountTokens, FoundFile } from '../corpus/types.js';
import type { FileWithChunks, NewChunk } from '../store/types.js';

/**
 * A file as the store takes it: cut into chunks, each with the key of the text that is embedded, when they are asked
 * for, since the chunks of a large file take more memory than the file.
 */
export function prepareFile(
  file: FoundFile,
  text: string,
  hash: string,
  countTokens: CountTokens,
): FileWithChunks {
  const newline = text.indexOf('\n');
  const language = detectLanguage(file.path, newline < 0 ? text.slice(0, 256) : text.slice(0, newline));
  return {
    record: {
      path: file.path,
      size: file.size,
      mtimeMs: file.mtimeMs,
      inode: file.inode,
      hash,
      language,
    },
    chunks: chunksOf(file.path, language, text, countTokens),
  };
}

function* chunksOf(
  path: string,
  language: string,
  text: string,
  countTokens: CountTokens,
): Generator<NewChunk> {
  const limits = { maxTokens: CHUNK_TOKENS, overlapTokens: CHUNK_OVERLAP_TOKENS };
  for (const chunk of chunkText(text, { path, language, countTokens, ...limits })) {
    yield newChunk(path, language, chunk);
  }
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
