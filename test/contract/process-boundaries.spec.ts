import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { build, stop as stopEsbuild } from 'esbuild';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RuntimeSpec } from '../../src/domain/runtime/runtime-spec.js';
import { ProcessRuntime } from '../../src/runtime/process/process.runtime.js';
import { processPrelude } from '../../src/runtime/process/process-prelude.js';
import { AGENT_BUNDLE } from '../support/engine.js';
import { all, SpecBuilder, take } from './runtime-harness.js';

describe('the process runtime', () => {
  let specs: SpecBuilder;
  let bundles = 0;
  const patience = (): AbortSignal => AbortSignal.timeout(30_000);

  beforeAll(async () => {
    specs = await SpecBuilder.create();
  });

  afterAll(async () => {
    const sut = runtime(AGENT_BUNDLE);
    for (const { id } of await sut.list(specs.installation)) await sut.remove(id);
    await specs.clean();
    await stopEsbuild();
  });

  function runtime(agentBundle: string, stateDir = join(specs.folder, 'state')): ProcessRuntime {
    return new ProcessRuntime({ stateDir, agentBundle, agentImage: 'agent', nodeEnv: 'test', lookEveryMs: 50 });
  }

  /** What a program prints that is run in an agent's place. */
  async function outputOf(program: string): Promise<string[]> {
    const bundle = join(specs.folder, `program-${++bundles}.mjs`);
    await writeFile(bundle, program);
    const sut = runtime(bundle);
    const id = await sut.create(specs.build(await sut.resolveImage('agent')));
    await sut.start(id);
    const lines = await take(sut.logs(id, { follow: true, signal: patience() }), all);
    return lines.map(({ text }) => text);
  }

  const attempt = (call: string): string =>
    `try { ${call}; console.log('done'); } catch (error) { console.log(error.code); }`;

  it('refuses to run in production', () => {
    const options = { stateDir: specs.folder, agentBundle: AGENT_BUNDLE, agentImage: 'agent', nodeEnv: 'production' };
    expect(() => new ProcessRuntime(options)).toThrow(expect.objectContaining({ code: 'RUNTIME_UNSUPPORTED' }));
  });

  it('denies an agent files that are not its own, programs and addons', async () => {
    const output = await outputOf(`
      import fs from 'node:fs'; import { spawnSync } from 'node:child_process';
      ${attempt(`fs.readFileSync('/etc/passwd')`)}
      ${attempt(`fs.writeFileSync('/tmp/muster-must-not-be', '')`)}
      ${attempt(`fs.readdirSync('..')`)}
      ${attempt(`spawnSync('true')`)}
      ${attempt(`process.dlopen({ exports: {} }, '/x.node')`)}
      ${attempt(`fs.writeFileSync('/proc/self/cwd/own', '')`)}
      ${attempt(`fs.writeFileSync(process.env.HOME + '/own', '')`)}
    `);
    const denied = 'ERR_ACCESS_DENIED';
    expect(output).toEqual([denied, denied, denied, denied, 'ERR_DLOPEN_DISABLED', 'done', 'done']);
  });

  it('gives an agent nothing of its own environment, and no root', async () => {
    const [names, uid] = await outputOf(
      `console.log(Object.keys(process.env).sort().join()); console.log(process.getuid())`,
    );
    expect(names).toBe('HOME,LANG,PATH');
    expect(uid).not.toBe('0');
  });

  it('works below a folder that the agent may not enter', async () => {
    const closed = join(specs.folder, 'closed');
    await mkdir(closed, { mode: 0o700 });
    const sut = runtime(AGENT_BUNDLE, join(closed, 'state'));
    const privateFolder = join(closed, 'a'.repeat(80), 'private');
    const folders = { privateFolder, workspaceFolder: join(closed, 'workspace') };
    const id = await sut.create(specs.build(await sut.resolveImage('agent'), folders));
    await sut.start(id);
    const { connection } = await sut.waitUntilReachable({ id, privateFolder }, patience());
    connection.close();
    await sut.remove(id);
  });

  it('takes a process of the same number for another', async () => {
    const sut = runtime(AGENT_BUNDLE);
    const spec = specs.build(await sut.resolveImage('agent'));
    const id = await sut.create(spec);
    await sut.start(id);
    await sut.stop(id, 0);
    const file = join(specs.folder, 'state', 'containers', spec.name, 'container.json');
    const record = JSON.parse(await readFile(file, 'utf8')) as { process: { pid: number } };
    record.process.pid = process.pid;
    await writeFile(file, JSON.stringify(record));
    expect(await sut.inspect(id)).toMatchObject({ state: 'exited', pid: null });
    await sut.stop(id, 0);
    await sut.remove(id);
  });

  it('loses nothing when Muster is killed: another one goes on with the same process', async () => {
    const { spec, id, pid } = await startInProcessToBeKilled();
    const sut = runtime(AGENT_BUNDLE);
    expect(await sut.inspect(id)).toMatchObject({ id, state: 'running', pid });
    const { connection } = await sut.waitUntilReachable({ id, privateFolder: spec.privateFolder }, patience());
    connection.close();
    // It is the events of another container that show when they are told.
    const other = await sut.create(specs.build(await sut.resolveImage('agent')));
    const events = sut.events(specs.installation, patience());
    await sut.start(other);
    for await (const { kind, containerId, owner } of events) {
      if (kind === 'started' && containerId === other) process.kill(pid, 'SIGKILL');
      if (kind !== 'exited' || containerId !== id) continue;
      expect(owner).toEqual(spec.owner);
      break;
    }
    expect(await sut.inspect(id)).toMatchObject({ state: 'exited', pid: null });
    expect((await take(sut.logs(id, {}), all)).length).toBeGreaterThan(0);
  });

  it('leaves no process that it had no time to write down', async () => {
    const child = spawn(process.execPath, ['--import', processPrelude(1000), '-e', `console.log('must not run')`]);
    let output = '';
    child.stdout.on('data', (data: Buffer) => (output += data.toString()));
    child.stdin.end();
    expect((await once(child, 'close'))[0]).toBe(0);
    expect(output).toBe('');
  });

  /** Another Node process that starts a container and is killed. */
  async function startInProcessToBeKilled(): Promise<{ spec: RuntimeSpec; id: string; pid: number }> {
    const spec = specs.build(await runtime(AGENT_BUNDLE).resolveImage('agent'));
    const program = join(specs.folder, 'muster.mjs');
    const entry = fileURLToPath(new URL('../../src/runtime/process/process.runtime.ts', import.meta.url));
    const options = {
      stateDir: join(specs.folder, 'state'),
      agentBundle: AGENT_BUNDLE,
      agentImage: 'agent',
      nodeEnv: 'test',
    };
    const contents = `
      import { ProcessRuntime } from ${JSON.stringify(entry)};
      const runtime = new ProcessRuntime(${JSON.stringify(options)});
      const id = await runtime.create(${JSON.stringify(spec)});
      await runtime.start(id);
      console.log(JSON.stringify({ id, pid: (await runtime.inspect(id)).pid }));
      setInterval(() => undefined, 1000);
    `;
    const stdin = { contents, resolveDir: specs.folder };
    await build({ stdin, bundle: true, platform: 'node', format: 'esm', outfile: program, logLevel: 'error' });
    await chmod(program, 0o644);
    const muster = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(muster.stdout, 'data')) as [Buffer];
    muster.kill('SIGKILL');
    await once(muster, 'close');
    return { spec, ...(JSON.parse(line.toString()) as { id: string; pid: number }) };
  }
});
