import { defineConfig } from 'vitest/config';

// What takes minutes: whole runs, families of inputs through whole commands, comparisons with Python. One file at a
// time, so that they do not slow each other.
export default defineConfig({
  test: {
    globalSetup: 'test/temporary-folders.ts',
    setupFiles: 'test/own-store.ts',
    include: ['test/**/*.slow.test.ts'],
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 30 * 60_000,
    hookTimeout: 30 * 60_000,
  },
});
