import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

const callsElsewhere = 'Put the call into a client of its own: with a deadline, after assertOutsideTransaction.';

export default tseslint.config(
  {
    ignores: [
      '**/dist/**',
      '**/generated/**',
      '**/node_modules/**',
      '**/.data*/**',
      '**/.turbo/**',
      '**/*.cjs',
      'jest.config.mjs',
    ],
  },
  eslint.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'max-lines': ['error', 400],
      'max-lines-per-function': ['error', { max: 60, skipComments: true, skipBlankLines: true }],
      'max-params': ['error', 4],
      complexity: ['error', 15],
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  {
    // Nest injects services through constructors and needs their classes as values.
    files: ['apps/api/**/*.ts'],
    rules: {
      '@typescript-eslint/consistent-type-imports': 'off',
      'max-params': 'off',
      // DTO classes only describe shapes to the validator and to OpenAPI; answers are plain objects of that shape.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/no-misused-spread': 'off',
    },
  },
  {
    // Calling another system is somebody's job, done with a deadline and never while a transaction holds its locks.
    files: ['apps/api/src/**/*.ts'],
    ignores: [
      '**/*.spec.ts',
      '**/testing/**',
      'apps/api/src/features/auth/breached-passwords.service.ts',
      'apps/api/src/features/firebase/firebase-keys.service.ts',
      'apps/api/src/features/notifications/providers/provider-call.ts',
    ],
    rules: {
      'no-restricted-globals': ['error', { name: 'fetch', message: callsElsewhere }],
      'no-restricted-properties': ['error', { object: 'globalThis', property: 'fetch', message: callsElsewhere }],
    },
  },
  {
    // What runs in browsers takes only types of the contracts, or their validator is shipped to every phone.
    files: ['libs/client/src/**/*.ts'],
    ignores: ['**/*.spec.ts', '**/testing/**'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        { patterns: [{ group: ['@hms/*'], allowTypeImports: true, message: 'Types only.' }] },
      ],
    },
  },
  {
    files: ['**/*.spec.ts', 'test/**/*.ts', '**/testing/**/*.ts'],
    rules: { 'max-lines-per-function': 'off', '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  {
    files: ['**/*.mjs', '*.js'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        fetch: 'readonly',
        URL: 'readonly',
        Buffer: 'readonly',
        performance: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
        setImmediate: 'readonly',
        AbortSignal: 'readonly',
        AbortController: 'readonly',
      },
    },
    rules: {
      'max-lines': ['error', 400],
      'max-lines-per-function': ['error', { max: 60, skipComments: true, skipBlankLines: true }],
    },
  },
);
