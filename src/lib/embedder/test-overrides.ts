import type { SupervisionLimits } from './limits.js';

/** What an end-to-end test changes of an embedder that it cannot reach: a stand-in program and shorter waits. */
export interface TestOverrides {
  readonly childProgram?: string;
  readonly limits?: Partial<SupervisionLimits>;
}

/** Read only where NODE_ENV is `test`: a user's environment never decides which program is started. */
export function testOverrides(environment: NodeJS.ProcessEnv = process.env): TestOverrides {
  const overrides = environment['EMBED_SEARCH_TEST_EMBEDDER'];
  if (environment['NODE_ENV'] !== 'test' || overrides === undefined) return {};
  return JSON.parse(overrides) as TestOverrides;
}
