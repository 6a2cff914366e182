/**
 * Bundles the program into one file, ejs and render worker included: dist/bundle/agent-server.mjs; and what agents' own programs
 * find in /Agent: dist/Agent.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { dirname } from 'node:path';
import { build } from 'esbuild';

const here = import.meta.dirname;
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

/** For Node 20, whatever is run there: names stay, for whoever reads a stack trace from a container should find them in it. */
const PROGRAM = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  write: false,
  logLevel: 'warning',
};

await put(
  `${here}/dist/bundle/agent-server.mjs`,
  await build({
    ...PROGRAM,
    entryPoints: [`${here}/src/main.ts`],
    plugins: [lazyBuiltins],
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'inline',
    define: { __AGENT_SERVER_VERSION__: JSON.stringify(version) },
  }),
);
// Not minified: it is there to be read too.
await put(
  `${here}/dist/Agent/client/AgentMcpClient.mjs`,
  await build({ ...PROGRAM, entryPoints: [`${here}/src/client/index.ts`] }),
);

/** Written under another name first: several builders at once never leave, or run, half a file. */
async function put(target, { outputFiles: [file] }) {
  await mkdir(dirname(target), { recursive: true });
  const unfinished = `${target}.${process.pid}.tmp`;
  await writeFile(unfinished, file.contents);
  await rename(unfinished, target);
}
