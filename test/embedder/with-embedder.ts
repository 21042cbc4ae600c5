import { cleanEnvironment } from '../e2e/cli.js';
import { standIn } from './models.js';

/** The environment of a command whose embedder is a stand-in program. */
export function withEmbedder(program: string, limits: object = {}, more: Record<string, string> = {}) {
  const overrides = JSON.stringify({ childProgram: standIn(program), limits });
  return { env: { ...cleanEnvironment(), ...more, NODE_ENV: 'test', EMBED_SEARCH_TEST_EMBEDDER: overrides } };
}
