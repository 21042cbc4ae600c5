import { defineConfig } from 'vitest/config';

// Tests import what ships (`#dist/...`), so `npm test` builds first.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    disableConsoleIntercept: true,
  },
});
