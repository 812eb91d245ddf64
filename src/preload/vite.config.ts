import { resolve } from 'node:path';
import { defineConfig } from 'vite';

/** A sandboxed preload script can neither be a module nor load one: everything in one CommonJS file. */
export default defineConfig({
  build: {
    outDir: resolve(import.meta.dirname, '../../dist/preload'),
    emptyOutDir: true,
    minify: false,
    lib: { entry: resolve(import.meta.dirname, 'index.ts'), formats: ['cjs'], fileName: () => 'index.cjs' },
    rollupOptions: { external: ['electron'] },
  },
});
