/**
 * Eight kinds of test: `unit` touches nothing, `integration` real servers, `alone` too, but not beside another file (it
 * disturbs what all use, listens to the whole platform, or holds a time against the clock), `fuzz` them with what no client
 * should send, `sync-model` lets devices, writers and faults at them as they are drawn, `acceptance` only the public port,
 * `chaos` too while it kills what is behind, `powercut` a stack whose disk loses power.
 */
const base = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  modulePathIgnorePatterns: ['/\\.data'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
        module: { type: 'es6' },
      },
    ],
  },
};

const fuzzTests = '/apps/api/src/fuzz\\.int\\.spec\\.ts$';
const aloneTests = '\\.alone\\.int\\.spec\\.ts$';
const syncModel = '/apps/ingest/src/sync/testing/';

export default {
  // For real servers on a machine that does other things too; Jest knows it for all projects together only.
  testTimeout: 60_000,
  // Each file loads the whole application into a context of its own, and not all of that is ever freed.
  workerIdleMemoryLimit: '1500MB',
  projects: [
    {
      ...base,
      displayName: 'unit',
      testMatch: ['<rootDir>/{apps,libs}/**/*.spec.ts'],
      testPathIgnorePatterns: [...base.testPathIgnorePatterns, '\\.int\\.spec\\.ts$'],
    },
    {
      ...base,
      displayName: 'integration',
      testMatch: ['<rootDir>/{apps,libs}/**/*.int.spec.ts'],
      testPathIgnorePatterns: [...base.testPathIgnorePatterns, fuzzTests, aloneTests, syncModel],
    },
    { ...base, displayName: 'alone', testMatch: ['<rootDir>/{apps,libs}/**/*.alone.int.spec.ts'] },
    { ...base, displayName: 'fuzz', testMatch: ['<rootDir>/apps/api/src/fuzz.int.spec.ts'] },
    { ...base, displayName: 'sync-model', testMatch: [`<rootDir>${syncModel}*.int.spec.ts`] },
    { ...base, displayName: 'acceptance', testMatch: ['<rootDir>/test/acceptance/**/*.spec.ts'] },
    { ...base, displayName: 'powercut', testMatch: ['<rootDir>/test/powercut/**/*.spec.ts'] },
    { ...base, displayName: 'chaos', testMatch: ['<rootDir>/test/chaos/**/*.spec.ts'] },
  ],
};
