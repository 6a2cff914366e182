#!/usr/bin/env node
/** `npm run dev`: compiles on every change and restarts the API with it. Ctrl-C ends both, and so does any other end. */
import { spawn } from 'node:child_process';
import { build } from './lib/build.mjs';
import { ensureDependencies } from './lib/dependencies.mjs';
import { startGuard } from './lib/guard.mjs';
import { createLog } from './lib/log.mjs';
import { fromRoot, root } from './lib/paths.mjs';

const log = createLog();
await ensureDependencies(log);
await build(log);

const children = [
  spawn(
    process.execPath,
    [fromRoot('node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json', '--watch', '--preserveWatchOutput'],
    {
      cwd: root,
      stdio: 'inherit',
    },
  ),
  spawn(process.execPath, ['--watch', '--enable-source-maps', 'dist/main.js'], { cwd: root, stdio: 'inherit' }),
];
for (const child of children) {
  const guard = startGuard({ pid: child.pid });
  child.once('exit', guard.dismiss);
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    for (const child of children) child.kill('SIGTERM');
  });
}
await Promise.all(children.map((child) => new Promise((resolve) => child.once('exit', resolve))));
