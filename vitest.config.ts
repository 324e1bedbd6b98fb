import { defineConfig } from 'vitest/config';

// Native addons (TensorFlow, tokenizers) must not be loaded twice into one process: each file gets a fork of its own.
export default defineConfig({
  test: {
    globalSetup: 'test/temporary-folders.ts',
    setupFiles: 'test/own-store.ts',
    include: ['test/**/*.test.ts'],
    exclude: ['test/**/*.slow.test.ts', 'node_modules/**'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
