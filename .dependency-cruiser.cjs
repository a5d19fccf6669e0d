/** The arrows of docs/architecture.md: apps → libs, inside a feature inward, never in a circle. */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'libs-know-no-app', severity: 'error', from: { path: '^libs/' }, to: { path: '^(apps|test|deploy)/' } },
    {
      name: 'contracts-import-nothing-of-ours',
      severity: 'error',
      from: { path: '^libs/contracts/' },
      to: { path: '^(libs/(?!contracts/)|apps/|node_modules/@hms/)' },
    },
    {
      name: 'the-client-runs-in-browsers',
      comment:
        'No library and nothing of Node; of the contracts only types, so that no validator is shipped to phones.',
      severity: 'error',
      from: { path: '^libs/client/src/', pathNot: '\\.(spec|contract)\\.ts$|/testing/' },
      to: { pathNot: '^libs/client/src/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'apps-do-not-share-code',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    { name: 'tests-are-black-box', severity: 'error', from: { path: '^test/' }, to: { path: '^(apps|libs)/' } },
    {
      name: 'platform-knows-no-feature',
      severity: 'error',
      from: { path: '^apps/api/src/platform/' },
      to: { path: '^apps/api/src/features/' },
    },
    {
      name: 'only-repositories-query',
      comment: 'Prisma stays behind the repositories; a service opens the transaction and passes it on.',
      severity: 'error',
      from: { path: '^apps/api/src/features/', pathNot: '(repository|\\.int\\.spec)\\.ts$|/testing/' },
      to: { path: 'generated/|@prisma/' },
    },
    {
      name: 'controllers-call-services',
      severity: 'error',
      from: { path: '\\.controller\\.ts$' },
      to: { path: '\\.repository\\.ts$' },
    },
    {
      name: 'policies-are-pure',
      severity: 'error',
      from: { path: '\\.(policy|states)\\.ts$' },
      to: { path: '\\.(repository|service|controller)\\.ts$|^node_modules/(@nestjs|@prisma|pg|ioredis)/' },
    },
    {
      name: 'no-undeclared-dependency',
      severity: 'error',
      from: { path: '^(apps|libs|test|deploy)/', pathNot: '\\.spec\\.ts$|/testing/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules|/dist/' },
    exclude: { path: '/(dist|generated)/|\\.data' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'default'],
      extensions: ['.ts', '.js', '.mjs', '.d.ts'],
    },
  },
};
