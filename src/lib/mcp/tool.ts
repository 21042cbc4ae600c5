import type { Schema } from './schemas.js';
import type { Answer, Call } from './types.js';
import type { Workspace } from './workspace.js';

/** One tool: what a client is told of it, and what it does. */
export interface Tool<A = never> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly inputSchema: Schema;
  readonly outputSchema: Schema;
  readonly annotations: {
    readonly readOnlyHint: boolean;
    readonly destructiveHint: boolean;
    readonly idempotentHint: boolean;
    readonly openWorldHint: boolean;
  };
  /** `args` has passed the input schema. Errors: EmbedSearchError for what the caller can mend. */
  run(workspace: Workspace, args: A, call: Call): Promise<Answer>;
}

/** It looks, and changes nothing. */
export const READ_ONLY = {
  readOnlyHint: true,
  destructiveHint: false,
  idempotentHint: true,
  openWorldHint: false,
} as const;
