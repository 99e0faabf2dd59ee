import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Whole networks are compiled and run on shared machines: generous, so that only a hang fails on time.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
