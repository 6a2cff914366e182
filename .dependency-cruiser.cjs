/** The rooms of docs/architecture.md, and who may import whom. */
const to = (path) => ({ path });

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'domain-pure',
      comment: 'domain/ is pure TypeScript: it imports nothing but itself.',
      severity: 'error',
      from: { path: '^src/domain/', pathNot: '\\.spec\\.ts$' },
      to: { pathNot: '^src/domain/' },
    },
    {
      name: 'layers',
      comment: 'data, runtime and platform stand on domain alone.',
      severity: 'error',
      from: { path: '^src/(data|runtime|platform)/' },
      to: { path: '^src/(modules|data|runtime|platform)/', pathNot: '^src/$1/' },
    },
    {
      name: 'modules-reach-runtime-by-its-port',
      comment: 'A feature module knows the ContainerRuntime port of domain/ and runtime.module.ts, no adapter.',
      severity: 'error',
      from: { path: '^src/modules/' },
      to: { path: '^src/runtime/', pathNot: '^src/runtime/runtime\\.module\\.ts$' },
    },
    {
      name: 'feature-private',
      comment: 'Another feature is reached through its module and the service that module exports.',
      severity: 'error',
      from: { path: '^src/modules/([^/]+)/' },
      to: { path: '^src/modules/[^/]+/', pathNot: '^src/modules/($1/|([^/]+)/\\2\\.(module|service)\\.ts$)' },
    },
    {
      name: 'mongoose-sealed',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/data/' },
      to: { path: 'node_modules/(mongoose|mongodb|@nestjs/mongoose)/' },
    },
    {
      name: 'docker-sealed',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/runtime/docker/' },
      to: { path: 'node_modules/(dockerode|docker-modem)/' },
    },
    {
      name: 'prometheus-sealed',
      comment: 'Who measures is told a function, or tells the Telemetry port.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/platform/telemetry/' },
      to: { path: 'node_modules/prom-client/' },
    },
    {
      name: 'no-ejs-in-the-api',
      comment: 'A system prompt is a program: it is rendered inside the container.',
      severity: 'error',
      from: to('^src/'),
      to: { path: 'node_modules/ejs/' },
    },
    {
      name: 'no-dev-dependencies',
      severity: 'error',
      from: { path: '^(src|packages/[^/]+/src)/', pathNot: '\\.spec\\.ts$' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, pathNot: '(\\.d\\.ts|\\.spec\\.ts|main\\.ts)$' },
      to: {},
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    enhancedResolveOptions: { conditionNames: ['muster-source', 'import', 'require', 'node', 'default', 'types'] },
  },
};
