/** One Jest project for each kind of test, in the order `npm test` runs them. See scripts/test.mjs. */
const shared = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  testEnvironmentOptions: { customExportConditions: ['muster-source', 'node', 'node-addons'] },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  // @fastify/static requires this ES module, which Node can and Jest cannot: it is compiled to CommonJS.
  transformIgnorePatterns: ['/node_modules/(?!content-disposition/)'],
  transform: {
    '/node_modules/content-disposition/.+\\.js$': [
      '@swc/jest',
      { jsc: { target: 'es2023' }, module: { type: 'commonjs' } },
    ],
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
          target: 'es2023',
          keepClassNames: true,
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
};

const project = (displayName, testMatch, more = {}) => ({
  ...shared,
  displayName,
  testMatch: testMatch.map((pattern) => `<rootDir>/${pattern}`),
  ...more,
});

const database = {
  globalSetup: '<rootDir>/test/support/global-setup.mjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
};

export default {
  // Machines differ by three times, and what one is given changes by half within minutes.
  testTimeout: 120_000,
  projects: [
    project('unit', ['src/**/*.spec.ts', 'packages/*/src/**/*.spec.ts']),
    project('packages', ['packages/*/test/**/*.spec.ts']),
    project('contract', ['test/contract/**/*.spec.ts']),
    project('integration', ['test/integration/**/*.spec.ts'], database),
    project('e2e', ['test/e2e/**/*.spec.ts'], database),
    project('chaos', ['test/chaos/**/*.spec.ts'], database),
    // Long ones, by `npm run test:soak` alone.
    project('soak', ['test/soak/**/*.spec.ts'], database),
    // Long ones too, by `npm run test:engines`.
    project('engines', ['test/engines/**/*.spec.ts']),
  ],
};
