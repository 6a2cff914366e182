import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createServer } from 'node:net';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { RuntimeSpec } from '../../src/domain/runtime/runtime-spec.js';
import { DockerRuntime } from '../../src/runtime/docker/docker.runtime.js';
import { AGENT_IMAGE, describeEngine, engine, ENGINE_HOST } from '../support/engine.js';
import { saidInside } from '../support/inside-container.js';
import { SpecBuilder } from './runtime-harness.js';

describeEngine('a container that Docker runs', () => {
  let specs: SpecBuilder;
  let sut: DockerRuntime;
  let id: string;
  let spec: RuntimeSpec;

  beforeAll(async () => {
    specs = await SpecBuilder.create();
    sut = new DockerRuntime({
      host: ENGINE_HOST,
      stateDir: join(specs.folder, 'state'),
      agentImage: AGENT_IMAGE,
    });
    spec = specs.build(await sut.resolveImage(AGENT_IMAGE));
    id = await sut.create(spec);
    await sut.start(id);
    (
      await sut.waitUntilReachable({ id, privateFolder: spec.privateFolder }, AbortSignal.timeout(30_000))
    ).connection.close();
  });

  afterAll(async () => {
    for (const container of await sut.list(specs.installation)) await sut.remove(container.id);
    await specs.clean();
  });

  /** What a program of the agent's would print. */
  const inside = (program: string): Promise<string> => saidInside(id, program);

  const outcomeOf = (call: string): string =>
    `try { require('node:fs').${call}; console.log('done') } catch (error) { console.log(error.code) }`;

  it('is reached by what a throwaway container showed to work', async () => {
    expect(await sut.probe()).toEqual({ endpoint: 'unix', sharedFolders: true });
    const left = await engine.listContainers({ all: true, filters: { label: ['io.muster.probe'] } });
    expect(left).toEqual([]);
  });

  it('has no capability, cannot gain one, and is filtered', async () => {
    const status = await inside(`console.log(require('node:fs').readFileSync('/proc/1/status', 'utf8'))`);
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
      expect(status).toMatch(new RegExp(`${set}:\\t0{16}\\n`));
    expect(status).toMatch(/NoNewPrivs:\t1\n/);
    expect(status).toMatch(/Seccomp:\t2\n/);
    expect(status).not.toMatch(/Uid:\t0\t/);
    expect(status).not.toMatch(/Groups:\t.*\b0\b/);
  });

  it('cannot write outside its own folders, nor run what it puts in /tmp', async () => {
    for (const place of ['/x', '/opt/muster/x', '/etc/x', '/dev/x']) {
      expect(['EROFS', 'EACCES']).toContain(await inside(outcomeOf(`writeFileSync('${place}', '')`)));
    }
    for (const place of ['/workspace/x', '/run/muster/x', '/tmp/x']) {
      expect(await inside(outcomeOf(`writeFileSync('${place}', '')`))).toBe('done');
    }
    const run = `require('node:fs').writeFileSync('/tmp/program', '#!/usr/local/bin/node', { mode: 0o755 });
      console.log(require('node:child_process').spawnSync('/tmp/program').error?.code)`;
    expect(await inside(run)).toBe('EACCES');
  });

  it('keeps what it writes in the workspace, as a user who is not root', async () => {
    expect(await inside(outcomeOf(`writeFileSync('/workspace/kept', '')`))).toBe('done');
    expect((await stat(join(spec.workspaceFolder, 'kept'))).uid).not.toBe(0);
  });

  it('has no network but its own loopback', async () => {
    expect(await inside(`console.log(Object.keys(require('node:os').networkInterfaces()).join())`)).toBe('lo');
    const dial = `require('node:net').connect(53, '1.1.1.1').on('error', (error) => console.log(error.code))`;
    expect(await inside(dial)).toBe('ENETUNREACH');
  });

  it('has the limits of its spec', async () => {
    const { HostConfig: limits } = await engine.getContainer(id).inspect();
    expect(limits).toMatchObject({ Memory: 256 * 2 ** 20, MemorySwap: 256 * 2 ** 20, NanoCpus: 1e9, PidsLimit: 64 });
    expect(await inside(outcomeOf(`writeFileSync('/tmp/large', Buffer.alloc(17 * 2 ** 20))`))).toBe('ENOSPC');
  });

  it.each([
    ['memory', { Memory: 512 * 2 ** 20, MemorySwap: 512 * 2 ** 20 }],
    ['processes', { PidsLimit: 4096 }],
    ['processors', { NanoCpus: 2e9 }],
    ['somebody else to restart it', { RestartPolicy: { Name: 'always' } }],
  ])('is told apart from one that was given other %s, and gets its own limits back', async (_what, given) => {
    const container = engine.getContainer(id);
    const before = await container.inspect();
    expect((await sut.inspect(id))?.isAltered).toBe(false);
    const seen: string[] = [];
    const told = new AbortController();
    const watching = (async () => {
      for await (const { kind, containerId } of sut.events(specs.installation, told.signal)) {
        if (containerId !== id) continue;
        seen.push(kind);
        told.abort();
      }
    })();
    // The engine tells what happens after it was asked.
    await sut.info();
    await container.update(given);
    expect((await sut.inspect(id))?.isAltered).toBe(true);
    await watching;
    expect(seen).toEqual(['changed']);
    await sut.restoreLimits(id);
    expect((await sut.inspect(id))?.isAltered).toBe(false);
    const after = await container.inspect();
    expect(after.HostConfig).toEqual(before.HostConfig);
    expect(after.State.StartedAt).toBe(before.State.StartedAt);
  });

  it('cannot lead Muster to a socket of the host, nor make it touch what it links to', async () => {
    const decoy = join(specs.folder, 'decoy.sock');
    let visits = 0;
    const server = createServer(() => (visits += 1));
    await new Promise<void>((resolve) => server.listen(decoy, resolve));
    const before = await stat(decoy);
    const swap = `const fs = require('node:fs'); fs.unlinkSync('/run/muster/agent.sock');
      fs.symlinkSync('${decoy}', '/run/muster/agent.sock'); console.log('done')`;
    expect(await inside(swap)).toBe('done');
    await expect(sut.connect({ id, privateFolder: spec.privateFolder })).rejects.toMatchObject({
      code: 'AGENT_SOCKET_UNSAFE',
    });
    expect(visits).toBe(0);
    expect((await stat(decoy)).mode).toBe(before.mode);
    await new Promise((resolve) => server.close(resolve));
  });
});
