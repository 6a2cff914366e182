import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { newId } from '../../src/domain/ids.js';
import type { ContainerAddress } from '../../src/domain/runtime/container-runtime.js';
import type { RuntimeSpec } from '../../src/domain/runtime/runtime-spec.js';
import type { ExecSpec } from '../../src/domain/runtime/exec-session.js';
import { RuntimeError } from '../../src/domain/runtime/runtime-errors.js';
import { DockerRuntime } from '../../src/runtime/docker/docker.runtime.js';
import { AGENT_IMAGE, describeEngine, ENGINE_HOST } from '../support/engine.js';
import { eventually } from '../support/eventually.js';
import { runInside } from '../support/inside-container.js';
import { SteppingEngineProxy } from '../support/stepping-engine-proxy.js';
import { all, SpecBuilder, take } from './runtime-harness.js';

const ABSENT = 'registry.invalid/muster-test/absent:1';
const SNAPSHOT = `muster/snapshot:${newId()}`;
const TIMES = 3;

/** Under load an engine may take a second for what it does answer. */
const PATIENCE = { callTimeoutMs: 3000, pullTimeoutMs: 3000, heartbeatMs: 200 };

describeEngine('Docker that does not answer', () => {
  let proxy: SteppingEngineProxy;
  let specs: SpecBuilder;
  let steady: DockerRuntime;
  let sut: DockerRuntime;
  let at: ContainerAddress;
  let other: RuntimeSpec;

  beforeAll(async () => {
    specs = await SpecBuilder.create();
    proxy = await SteppingEngineProxy.start(ENGINE_HOST, join(specs.folder, 'engine.sock'));
    const options = { stateDir: join(specs.folder, 'state'), agentImage: AGENT_IMAGE, endpoint: 'unix' } as const;
    steady = new DockerRuntime({ ...options, host: ENGINE_HOST });
    sut = new DockerRuntime({ ...options, ...PATIENCE, host: proxy.host });
    const image = await sut.resolveImage(AGENT_IMAGE);
    const spec = specs.build(image);
    at = { id: await sut.create(spec), privateFolder: spec.privateFolder };
    await steady.start(at.id);
    other = specs.build(image);
  });

  afterEach(() => {
    proxy.watcher = () => 'pass';
  });

  afterAll(async () => {
    for (const { id } of await steady.list(specs.installation)) await steady.remove(id);
    await proxy.stop();
    await specs.clean();
  });

  const terminal = (): ExecSpec => ({
    id: newId(),
    command: ['sleep', '600'],
    env: {},
    cwd: '/tmp',
    terminal: { columns: 80, rows: 24 },
  });

  const failureOf = async (act: () => Promise<unknown>): Promise<unknown> =>
    act().then(
      () => 'none',
      (error: unknown) => (error instanceof RuntimeError ? error.failure : error),
    );

  /** Asks often, so that what one of them leaves shows. */
  const failuresOf = async (act: () => Promise<unknown>): Promise<unknown[]> => [
    ...new Set(await Promise.all(Array.from({ length: TIMES }, async () => failureOf(act)))),
  ];

  const expectNoTrace = async (): Promise<void> => {
    proxy.watcher = () => 'pass';
    // One is kept for the next call, or is that call's.
    await eventually(async () => {
      await sut.info();
      expect(proxy.connections).toBeLessThanOrEqual(2);
    });
    expect((await steady.list(specs.installation)).map(({ id, state }) => [id, state])).toEqual([[at.id, 'running']]);
  };

  const never = new AbortController().signal;

  it('gives up whatever it asks, and is left no connection', async () => {
    const calls: Readonly<Record<string, () => Promise<unknown>>> = {
      info: async () => sut.info(),
      findImage: async () => sut.findImage(AGENT_IMAGE),
      registryDigest: async () => sut.registryDigest(ABSENT),
      removeImage: async () => sut.removeImage(SNAPSHOT),
      create: async () => sut.create(other),
      commit: async () => sut.commit(at.id, { reference: SNAPSHOT, owner: other.owner }),
      start: async () => sut.start(at.id),
      stop: async () => sut.stop(at.id, 0),
      pause: async () => sut.pause(at.id),
      unpause: async () => sut.unpause(at.id),
      restoreLimits: async () => sut.restoreLimits(at.id),
      remove: async () => sut.remove(at.id),
      inspect: async () => sut.inspect(at.id),
      list: async () => sut.list(specs.installation),
      logs: async () => take(sut.logs(at.id, { follow: true }), all),
      events: async () => take(sut.events(specs.installation, never), all),
      stats: async () => take(sut.stats(at.id, never), all),
      exec: async () => sut.exec(at, terminal()),
      endExec: async () => sut.endExec(at.id, newId()),
    };
    proxy.watcher = () => 'cut';
    const failures = await Promise.all(
      Object.entries(calls).map(async ([name, act]) => [name, await failuresOf(act)] as const),
    );
    expect(Object.fromEntries(failures)).toEqual(
      Object.fromEntries(Object.keys(calls).map((name) => [name, ['timeout']])),
    );
    await expectNoTrace();
  });

  it.each<[string, RegExp, () => Promise<unknown>, string]>([
    ['a pull', /^POST .*\/images\/create/, async () => sut.resolveImage(ABSENT), 'image-missing'],
    ['a description', /^GET .*\/info$/, async () => sut.info(), 'timeout'],
    [
      'a commit',
      /^POST .*\/commit/,
      async () => sut.commit(at.id, { reference: SNAPSHOT, owner: other.owner }),
      'timeout',
    ],
    ['new limits', /^POST .*\/update/, async () => sut.restoreLimits(at.id), 'timeout'],
    ['the start of a program', /^POST .*\/exec\/.*\/start/, async () => sut.exec(at, terminal()), 'timeout'],
    ['the size of a terminal', /^POST .*\/exec\/.*\/resize/, async () => sut.exec(at, terminal()), 'timeout'],
  ])('gives up what comes after other calls, and is left nothing of it: %s', async (_what, pattern, act, failure) => {
    proxy.watcher = (call) => (pattern.test(call) ? 'cut' : 'pass');
    expect(await failuresOf(act)).toEqual([failure]);
    await expectNoTrace();
  });

  it.each([
    ['its start', /^POST .*\/exec\/.*\/start/],
    ['the size of its terminal', /^POST .*\/exec\/.*\/resize/],
  ])('ends a program of which it was not heard that it runs: %s', async (_what, pattern) => {
    let heard = 0;
    // The first alone: what ends programs is one itself.
    proxy.watcher = (call) => (pattern.test(call) && ++heard === 1 ? 'mute' : 'pass');
    expect(await failureOf(async () => sut.exec(at, terminal()))).toBe('timeout');
    expect(heard).toBeGreaterThan(0);
    const running = await runInside(at.id, ['sh', '-c', 'cat /proc/[0-9]*/cmdline | tr "\\0" " "']);
    expect(running.said).toContain('agent');
    expect(running.said).not.toContain('sleep 600');
    await expectNoTrace();
  });
});
