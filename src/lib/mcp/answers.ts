import type { CallToolResult } from '@modelcontextprotocol/server';
import { EmbedSearchError } from '../errors.js';
import type { Answer } from './types.js';

/** The first revision whose clients know links to resources in a result. */
const LINKS_SINCE = '2025-06-18';

/** An answer as the protocol has it; revisions are dates, so they compare as text. */
export function toolResult(
  { structured, text, links = [] }: Answer,
  revision: string | undefined,
): CallToolResult {
  const known = revision !== undefined && revision >= LINKS_SINCE ? links : [];
  return {
    content: [
      { type: 'text', text },
      ...known.map(({ uri, name }) => ({
        type: 'resource_link' as const,
        uri,
        name,
        mimeType: 'text/plain',
      })),
    ],
    structuredContent: { ...structured },
  };
}

/** What went wrong, for a model to act on: never to be taken for an empty result. */
export function toolError(error: unknown): CallToolResult {
  const text =
    error instanceof EmbedSearchError
      ? `${error.code}: ${error.message}\n${error.fix}`
      : `BUG: ${error instanceof Error ? error.message : String(error)}\nThis is a bug of embed-search. Please report it.`;
  return { content: [{ type: 'text', text }], isError: true };
}

/** Arguments that a tool does not take. */
export function argumentError(tool: string, problem: string): CallToolResult {
  return toolError(
    new EmbedSearchError('USAGE', `The arguments of ${tool} do not fit: ${problem}`, {
      fix: 'See the input schema of the tool.',
    }),
  );
}
