import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 240_000,
    hookTimeout: 240_000,
    pool: 'forks',
    maxWorkers: 2,
    // What is built is loaded by Node itself, as jobs and threads load it: one copy of each class.
    server: { deps: { external: [/\/dist\//] } },
  },
})
