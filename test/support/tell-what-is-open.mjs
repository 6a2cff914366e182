/**
 * Loaded into each Jest by scripts/test.mjs: told by SIGUSR2, it prints what keeps the process alive, so that a Jest that
 * does not end by itself says why. Jest's own --detectOpenHandles watches from the beginning, which takes several times as long.
 */
import { inspect } from 'node:util';

process.on('SIGUSR2', () => {
  const lines = [`Open in Jest: ${process.getActiveResourcesInfo().join(', ')}`];
  // There is no public way to what stands behind the names; without it, the names have to do.
  for (const handle of process._getActiveHandles?.() ?? []) {
    lines.push(inspect(handle, { depth: 1, breakLength: 160 }).slice(0, 4_000));
  }
  process.stderr.write(`${lines.join('\n')}\n`);
});
