import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { decode } from '../corpus/decode.js';
import type { StoredFile } from '../store/types.js';
import type { Snippet } from './snippet.js';

/**
 * The snippet with `context` lines of its file before and after it. Where the file has changed since it was
 * indexed or cannot be read, its lines would be the wrong ones: then the snippet stays as it is.
 */
export async function withContext(
  snippet: Snippet,
  root: string,
  file: StoredFile,
  context: number,
): Promise<Snippet> {
  const absolute = path.join(root, file.path);
  let text: string;
  try {
    const now = await stat(absolute);
    if (now.size !== file.size || now.mtimeMs !== file.mtimeMs) return snippet;
    const decoded = decode(await readFile(absolute));
    if (!decoded) return snippet;
    text = decoded.text;
  } catch {
    return snippet;
  }
  const lines = text.split(/\r?\n/);
  const length = snippet.text.split('\n').length;
  const from = Math.max(1, snippet.startLine - context);
  const to = Math.min(lines.length, snippet.startLine + length - 1 + context);
  return { text: lines.slice(from - 1, to).join('\n'), startLine: from };
}
