#!/usr/bin/env node
/** `npm run build`: compiles the packages and the API into their dist folders. */
import { build } from './lib/build.mjs';
import { createLog } from './lib/log.mjs';

build(createLog()).catch(() => {
  process.exitCode = 1;
});
