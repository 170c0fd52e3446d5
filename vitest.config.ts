import { defineConfig } from 'vitest/config';

const source = (path: string) => new URL(path, import.meta.url).pathname;

export default defineConfig({
  // The examples import the package by its name, as a user's strategy does.
  resolve: {
    alias: [
      { find: /^quantos$/, replacement: source('src/index.ts') },
      { find: /^quantos\/testing$/, replacement: source('src/testing/index.ts') },
    ],
  },
  test: {
    include: ['test/**/*.spec.ts'],
    setupFiles: ['test/property-seed.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    reporters: ['default', './scripts/plain-summary.reporter.ts'],
  },
});
