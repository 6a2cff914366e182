/** Bundles the program into one file, ejs and render worker included: dist/bundle/agent-server.mjs. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { build } from 'esbuild';

const here = import.meta.dirname;
const folder = `${here}/dist/bundle`;
const { version } = JSON.parse(await readFile(`${here}/package.json`, 'utf8'));

/**
 * Node's own modules are taken when the code that needs them runs, and without their ES module face: making that of
 * node:http touches every export, and so loads Node's WebSocket client, which doubles the start on Node 24.
 */
const lazyBuiltins = {
  name: 'lazy-builtins',
  setup({ onResolve, onLoad }) {
    // Libraries still write `zlib` for `node:zlib`.
    const filter = new RegExp(`^(node:.+|${builtinModules.join('|')})$`);
    onResolve({ filter }, ({ path }) => ({ path, namespace: 'builtin' }));
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
    }));
  },
};

const result = await build({
  entryPoints: [`${here}/src/main.ts`],
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  plugins: [lazyBuiltins],
  // Names stay: whoever reads a stack trace from a container should find them in it.
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'inline',
  define: { __AGENT_SERVER_VERSION__: JSON.stringify(version) },
  write: false,
  logLevel: 'warning',
});

// Written under another name first: several builders at once never leave, or run, half a file.
await mkdir(folder, { recursive: true });
const target = `${folder}/agent-server.mjs`;
const unfinished = `${target}.${process.pid}.tmp`;
await writeFile(unfinished, result.outputFiles[0].contents);
await rename(unfinished, target);
