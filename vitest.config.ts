import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    reporters: ['default', './test/closing-line-reporter.ts'],
    setupFiles: ['./test/property-seed.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // A second, what is usual, is little on a computer that is busy with other tests.
    expect: { poll: { timeout: 60_000 } },
    // onnxruntime is native code with process-wide state: one process per test file, never worker threads.
    pool: 'forks',
    maxWorkers: 2,
  },
});
