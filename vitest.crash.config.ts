import { defineConfig } from 'vitest/config';

// The long proofs: real kills, real memory. One after the other, because they measure. EMBED_SEARCH_CRASH_ROUNDS=10 is a quick look.
export default defineConfig({
  test: {
    include: ['test/crash/*.crash.ts'],
    testTimeout: 3_600_000,
    hookTimeout: 1_200_000,
    pool: 'forks',
    fileParallelism: false,
    reporters: ['verbose'],
    disableConsoleIntercept: true,
  },
});
