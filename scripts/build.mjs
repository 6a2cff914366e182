#!/usr/bin/env node
/** `npm run build`: compiles the packages and the API into their dist folders. */
import { build } from './lib/build.mjs';
import { ensureDependencies } from './lib/dependencies.mjs';
import { createLog } from './lib/log.mjs';

const log = createLog();
ensureDependencies(log)
  .then(() => build(log))
  .catch(() => {
    process.exitCode = 1;
  });
