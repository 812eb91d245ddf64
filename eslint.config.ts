import eslint from '@eslint/js';
import boundaries from 'eslint-plugin-boundaries';
import { defineConfig, globalIgnores } from 'eslint/config';
// @ts-expect-error The package comes without types.
import jsxA11y from 'eslint-plugin-jsx-a11y';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

/**
 * Who may import whom (docs/architecture.md). The order is that of the layers: everything may import `shared`, nothing
 * reaches upwards.
 */
const LAYERS: Record<string, { pattern: string; mayImport: readonly string[] }> = {
  shared: { pattern: 'src/shared', mayImport: [] },
  formats: { pattern: 'src/main/formats', mayImport: ['shared'] },
  codec: { pattern: 'src/main/codec', mayImport: ['shared'] },
  engine: { pattern: 'src/main/engine', mayImport: ['shared', 'formats', 'codec'] },
  services: { pattern: 'src/main/services', mayImport: ['shared', 'formats', 'codec', 'engine'] },
  shells: { pattern: 'src/main/shells', mayImport: ['shared', 'services'] },
  preload: { pattern: 'src/preload', mayImport: ['shared'] },
  renderer: { pattern: 'src/renderer', mayImport: ['shared'] },
};

export default defineConfig(
  globalIgnores(['dist/', 'node_modules/', 'models/training/']),
  eslint.configs.recommended,
  tseslint.configs.recommended,
  {
    files: ['src/**/*.ts', 'src/**/*.tsx'],
    // The package's types describe its module, not the plugin that the module is.
    plugins: { boundaries: boundaries as never },
    settings: {
      'import/resolver': { node: { extensions: ['.ts', '.tsx'] } },
      'boundaries/elements': Object.entries(LAYERS).map(([type, { pattern }]) => ({ type, pattern })),
    },
    rules: {
      'boundaries/no-unknown-files': 'error',
      'boundaries/element-types': [
        'error',
        {
          default: 'disallow',
          message: '${file.type} may not import ${dependency.type}; see docs/architecture.md',
          rules: Object.entries(LAYERS).map(([type, { mayImport }]) => ({ from: [type], allow: [type, ...mayImport] })),
        },
      ],
      'no-restricted-imports': [
        'error',
        { paths: [{ name: 'electron', message: 'Only shells/electron and preload.' }] },
      ],
    },
  },
  {
    files: ['src/renderer/**/*.tsx', 'src/renderer/**/*.ts'],
    extends: [reactHooks.configs.flat['recommended-latest'] as never, jsxA11y.flatConfigs.strict],
  },
  { files: ['src/main/shells/electron/**', 'src/preload/**'], rules: { 'no-restricted-imports': 'off' } },
  {
    files: ['src/main/**/*.ts'],
    ignores: ['src/main/codec/**', 'src/main/shells/electron/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: [
            { name: 'electron', message: 'Only shells/electron and preload.' },
            { name: 'sharp', message: 'Only src/main/codec reads and writes images.' },
          ],
        },
      ],
    },
  },
  {
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
);
