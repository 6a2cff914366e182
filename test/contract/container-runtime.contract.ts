import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { lstat, readdir, rm, symlink, writeFile, mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { newId, type InstallationId } from '../../src/domain/ids.js';
import type { ContainerRuntime, RuntimeEvent } from '../../src/domain/runtime/container-runtime.js';
import type { RuntimeSpec } from '../../src/domain/runtime/runtime-spec.js';
import {
  all,
  configurationFor,
  SpecBuilder,
  take,
  TALK,
  type AgentKind,
  type RuntimeHarness,
} from './runtime-harness.js';

/** What every runtime adapter keeps to. What one declares it can't do is asked for too, and has to be refused. */
export function containerRuntimeContract(title: string, prepare: () => Promise<RuntimeHarness>): void {
  describe(title, () => {
    let harness: RuntimeHarness;
    let specs: SpecBuilder;
    let sut: ContainerRuntime;
    const patience = (): AbortSignal => AbortSignal.timeout(30_000);

    beforeAll(async () => {
      harness = await prepare();
      specs = await SpecBuilder.create();
      sut = harness.runtime();
    });

    afterAll(async () => {
      for (const { id } of await sut.list(specs.installation)) await sut.remove(id);
      await harness.clean();
      await specs.clean();
    });

    async function created(
      kind: AgentKind = 'serving',
      changes: Partial<RuntimeSpec> = {},
    ): Promise<{ id: string; spec: RuntimeSpec; runtime: ContainerRuntime }> {
      const runtime = harness.runtime(kind);
      const spec = specs.build(await runtime.resolveImage(harness.image(kind)), changes);
      return { id: await runtime.create(spec), spec, runtime };
    }

    async function started(kind: AgentKind = 'serving'): ReturnType<typeof created> {
      const container = await created(kind);
      await container.runtime.start(container.id);
      return container;
    }

    const address = ({ id, spec }: { id: string; spec: RuntimeSpec }): { id: string; privateFolder: string } => ({
      id,
      privateFolder: spec.privateFolder,
    });

    async function ended(runtime: ContainerRuntime, id: string): Promise<void> {
      await take(runtime.logs(id, { follow: true, signal: patience() }), all);
      while ((await runtime.inspect(id))?.state === 'running') await runtime.info();
    }

    describe('about itself', () => {
      it('says what it is', async () => {
        const info = await sut.info();
        expect(info.name).not.toBe('');
        expect(info.version).toMatch(/^\d+\./);
      });

      it('warns exactly when it is no boundary', () => {
        expect(sut.warning === null).toBe(sut.capabilities.isolation);
      });
    });

    describe('images', () => {
      it('resolves a reference to the same immutable id each time', async () => {
        const id = await sut.resolveImage(harness.image('serving'));
        expect(id).toMatch(/sha256:[0-9a-f]{64}$/);
        expect(await harness.runtime().resolveImage(harness.image('serving'))).toBe(id);
        expect(await sut.resolveImage(id)).toBe(id);
      });

      it('says that it does not have an image', async () => {
        await expect(sut.resolveImage('muster/no-such-image:1')).rejects.toMatchObject({
          failure: harness.unknownImage,
        });
      });

      it('refuses to create from an image that is gone', async () => {
        const gone = (await sut.resolveImage(harness.image('serving'))).replace(/[0-9a-f]{64}$/, '0'.repeat(64));
        await expect(sut.create(specs.build(gone))).rejects.toMatchObject({
          failure: 'image-missing',
          code: 'IMAGE_NOT_FOUND',
        });
      });
    });

    describe('create', () => {
      it('makes a container that does nothing yet', async () => {
        const { id, spec } = await created();
        expect(await sut.inspect(id)).toEqual({
          id,
          name: spec.name,
          owner: spec.owner,
          specDigest: spec.specDigest,
          state: 'created',
          pid: null,
          startedAt: null,
          exitCode: null,
          oomKilled: false,
        });
        expect(await readdir(spec.privateFolder)).toEqual([]);
      });

      it('finds it by its name too, and nothing by another', async () => {
        const { id, spec } = await created();
        expect((await sut.inspect(spec.name))?.id).toBe(id);
        expect(await sut.inspect(`${spec.name}x`)).toBeNull();
        expect(await sut.inspect(id.slice(0, -1))).toBeNull();
      });

      it('is exclusive by name, and leaves alone what is there', async () => {
        const container = await started();
        const { connection } = await sut.waitUntilReachable(address(container), patience());
        await expect(sut.create(container.spec)).rejects.toMatchObject({
          failure: 'name-conflict',
          code: 'CONTAINER_NAME_CONFLICT',
        });
        expect((await sut.inspect(container.id))?.state).toBe('running');
        expect((await connection.health()).configured).toBeNull();
        connection.close();
      });

      it('lets exactly one of several have a name', async () => {
        const spec = specs.build(await sut.resolveImage(harness.image('serving')));
        const attempts = await Promise.allSettled(Array.from({ length: 5 }, () => harness.runtime().create(spec)));
        expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      });

      it('makes the private folder for the agent alone', async () => {
        const { spec } = await created();
        expect((await lstat(spec.privateFolder)).mode & 0o777).toBe(0o700);
        expect((await lstat(spec.privateFolder)).uid).not.toBe(0);
      });

      it('refuses an isolation that it does not have', async () => {
        const { isolations } = await sut.info();
        if (isolations.includes('gvisor')) return;
        const spec = specs.build(await sut.resolveImage(harness.image('serving')), { isolation: 'gvisor' });
        await expect(sut.create(spec)).rejects.toMatchObject({ failure: 'unsupported', code: 'RUNTIME_UNSUPPORTED' });
        expect(await sut.inspect(spec.name)).toBeNull();
      });
    });

    describe('an agent', () => {
      it('answers, takes its configuration and a prompt', async () => {
        const container = await started();
        const { connection, health } = await sut.waitUntilReachable(address(container), patience());
        expect(connection.endpoint).toBe(harness.endpoint);
        expect(health.configured).toBeNull();
        const configuration = configurationFor(container.spec);
        await connection.configure(configuration);
        expect((await connection.health()).configured).toBe(configuration.digest);
        const result = await connection.prompt({ runId: newId(), input: 'hello there' }, patience());
        expect(result.output).toContain('hello there');
        expect(result.usage.outputTokens).toBeGreaterThan(0);
        connection.close();
      });

      it('tells its own faults by their codes', async () => {
        const container = await started();
        const { connection } = await sut.waitUntilReachable(address(container), patience());
        const prompt = { runId: newId<never>(), input: 'x' };
        await expect(connection.prompt(prompt, patience())).rejects.toMatchObject({
          code: 'AGENT_UNREACHABLE',
          details: { agentCode: 'NOT_CONFIGURED' },
        });
        await connection.configure(configurationFor(container.spec, '<% throw new Error("no") %>'));
        await expect(connection.prompt(prompt, patience())).rejects.toMatchObject({ code: 'PROMPT_RENDER_FAILED' });
        connection.close();
      });

      it('has its run cancelled by the signal, and goes on', async () => {
        const container = await started();
        const { connection } = await sut.waitUntilReachable(address(container), patience());
        await connection.configure(configurationFor(container.spec, '<% for (;;); %>'));
        const cancel = new AbortController();
        const run = connection.prompt({ runId: newId(), input: 'x' }, cancel.signal);
        const settled = expect(run).rejects.toBe('enough');
        await connection.health();
        cancel.abort('enough');
        await settled;
        expect((await connection.health()).configured).not.toBeNull();
        connection.close();
      });

      it('has several connections at once, from other adapter objects too', async () => {
        const container = await started();
        const { connection } = await sut.waitUntilReachable(address(container), patience());
        const others = await Promise.all([1, 2, 3].map(() => harness.runtime().connect(address(container))));
        for (const other of [connection, ...others]) {
          expect((await other.health()).configured).toBeNull();
          other.close();
        }
      });

      it('is unreachable before it is started and after it is stopped', async () => {
        const container = await created();
        await expect(sut.connect(address(container))).rejects.toMatchObject({ code: 'AGENT_UNREACHABLE' });
        await sut.start(container.id);
        const { connection } = await sut.waitUntilReachable(address(container), patience());
        await sut.stop(container.id, 5);
        await expect(connection.health()).rejects.toMatchObject({ code: 'AGENT_UNREACHABLE' });
        await expect(sut.connect(address(container))).rejects.toMatchObject({ code: 'AGENT_UNREACHABLE' });
        connection.close();
      });

      it('is given up on when it ends before it answers', async () => {
        const container = await started('ending');
        await expect(container.runtime.waitUntilReachable(address(container), patience())).rejects.toMatchObject({
          code: 'CONTAINER_EXITED',
        });
      });

      it('is given up on when the caller is', async () => {
        const container = await created();
        await container.runtime.start(container.id);
        const reason = new Error('no longer wanted');
        await expect(sut.waitUntilReachable(address(container), AbortSignal.abort(reason))).rejects.toBe(reason);
      });
    });

    describe('what the agent puts where its socket should be', () => {
      it('is not followed when it is a link to another socket', async () => {
        if (harness.endpoint !== 'unix') return;
        const container = await created();
        const decoy = join(specs.folder, 'decoy.sock');
        let visits = 0;
        const server = createServer((socket) => {
          visits += 1;
          socket.destroy();
        });
        await new Promise<void>((resolve) => server.listen(decoy, resolve));
        await symlink(decoy, join(container.spec.privateFolder, 'agent.sock'));
        await expect(sut.connect(address(container))).rejects.toMatchObject({
          code: 'AGENT_SOCKET_UNSAFE',
          details: { found: 'a symbolic link' },
        });
        await expect(sut.waitUntilReachable(address(container), patience())).rejects.toMatchObject({
          code: 'AGENT_SOCKET_UNSAFE',
        });
        await new Promise((resolve) => server.close(resolve));
        expect(visits).toBe(0);
      });

      it('is named when it is a file or a directory', async () => {
        if (harness.endpoint !== 'unix') return;
        const container = await created();
        const path = join(container.spec.privateFolder, 'agent.sock');
        await writeFile(path, '');
        await expect(sut.connect(address(container))).rejects.toMatchObject({ details: { found: 'a file' } });
        await rm(path);
        await mkdir(path);
        await expect(sut.connect(address(container))).rejects.toMatchObject({ details: { found: 'a directory' } });
      });

      it('is cleared away, not followed, for the next container of the folder', async () => {
        const first = await created();
        const precious = join(specs.folder, 'precious');
        await writeFile(precious, 'kept');
        await symlink(precious, join(first.spec.privateFolder, 'agent.sock'));
        await sut.remove(first.id);
        const id = await sut.create(first.spec);
        await sut.start(id);
        const { connection } = await sut.waitUntilReachable(address({ ...first, id }), patience());
        connection.close();
        expect((await lstat(precious)).isFile()).toBe(true);
      });
    });

    describe('start, stop and remove', () => {
      it('show a running container with its process, and an ended one without', async () => {
        const container = await started();
        const { id } = container;
        // An agent that has not come so far as to listen takes no notice of SIGTERM.
        (await sut.waitUntilReachable(address(container), patience())).connection.close();
        const running = await sut.inspect(id);
        expect(running).toMatchObject({ state: 'running', exitCode: null });
        expect(running?.pid).toBeGreaterThan(1);
        expect(Math.abs(Date.now() - (running?.startedAt?.getTime() ?? 0))).toBeLessThan(60_000);
        await sut.stop(id, 5);
        expect(await sut.inspect(id)).toMatchObject({ state: 'exited', pid: null });
      });

      it('may be repeated', async () => {
        const container = await started();
        const { id } = container;
        await sut.start(id);
        (await sut.waitUntilReachable(address(container), patience())).connection.close();
        const { pid } = (await sut.inspect(id))!;
        await sut.start(id);
        expect((await sut.inspect(id))?.pid).toBe(pid);
        await sut.stop(id, 5);
        await sut.stop(id, 5);
        await sut.remove(id);
        await sut.remove(id);
        await sut.stop(id, 5);
        expect(await sut.inspect(id)).toBeNull();
      });

      it('start an ended container again', async () => {
        const container = await started();
        (await sut.waitUntilReachable(address(container), patience())).connection.close();
        await sut.stop(container.id, 5);
        await sut.start(container.id);
        const { connection, health } = await sut.waitUntilReachable(address(container), patience());
        expect(health.configured).toBeNull();
        connection.close();
      });

      it('tell how an agent ended', async () => {
        const { id, runtime } = await started('ending');
        await ended(runtime, id);
        expect(await runtime.inspect(id)).toMatchObject({ state: 'exited', exitCode: 3 });
      });

      it('kill what does not end in time', async () => {
        const { id, runtime } = await started('talking');
        await runtime.stop(id, 0);
        expect(await runtime.inspect(id)).toMatchObject({ state: 'exited', exitCode: 137 });
      });

      it('remove a running container, and free its name', async () => {
        const { id, spec } = await started();
        await sut.remove(id);
        expect(await sut.inspect(spec.name)).toBeNull();
        const again = await sut.create(spec);
        expect(again).not.toBe(id);
      });

      it('say that there is no such container', async () => {
        const { id } = await created();
        await sut.remove(id);
        await expect(sut.start(id)).rejects.toMatchObject({ failure: 'not-found' });
        await expect(sut.pause(id)).rejects.toMatchObject({ failure: 'not-found' });
        await expect(take(sut.logs(id, {}), all)).rejects.toMatchObject({ failure: 'not-found' });
      });
    });

    describe('pause', () => {
      it('holds the agent, and lets it go on with what it knew', async () => {
        const container = await started();
        if (!sut.capabilities.pause) {
          await expect(sut.pause(container.id)).rejects.toMatchObject({ failure: 'unsupported' });
          return;
        }
        const { connection } = await sut.waitUntilReachable(address(container), patience());
        const configuration = configurationFor(container.spec);
        await connection.configure(configuration);
        await sut.pause(container.id);
        await sut.pause(container.id);
        expect((await sut.inspect(container.id))?.state).toBe('paused');
        await expect(connection.health()).rejects.toMatchObject({ code: 'AGENT_UNREACHABLE' });
        await sut.unpause(container.id);
        await sut.unpause(container.id);
        expect((await sut.inspect(container.id))?.state).toBe('running');
        expect((await connection.health()).configured).toBe(configuration.digest);
        connection.close();
      });

      it('does not keep a container from being stopped or removed', async () => {
        const [one, two] = [await started(), await started()];
        await sut.pause(one.id);
        await sut.pause(two.id);
        await sut.stop(one.id, 5);
        expect((await sut.inspect(one.id))?.state).toBe('exited');
        await sut.remove(two.id);
        expect(await sut.inspect(two.id)).toBeNull();
      });

      it('refuses what does not run', async () => {
        const { id } = await created();
        await expect(sut.pause(id)).rejects.toMatchObject({ failure: 'refused' });
        await expect(sut.unpause(id)).rejects.toMatchObject({ failure: 'refused' });
      });
    });

    describe('another adapter object', () => {
      it('finds, reaches and ends what this one started', async () => {
        const container = await started();
        const other = harness.runtime();
        const found = (await other.list(specs.installation)).find(({ id }) => id === container.id);
        expect(found).toEqual(await sut.inspect(container.id));
        const { connection } = await other.waitUntilReachable(address(container), patience());
        connection.close();
        await other.stop(container.id, 5);
        expect((await sut.inspect(container.id))?.state).toBe('exited');
      });

      it('of another installation sees nothing of it', async () => {
        await created();
        expect(await sut.list(newId<InstallationId>())).toEqual([]);
      });
    });

    describe('logs', () => {
      it('tell the streams apart, in order, with times', async () => {
        const { id, runtime } = await started('talking');
        const isLong = (text: string): boolean => text.startsWith('xxx');
        const lines = await take(
          runtime.logs(id, { follow: true, signal: patience() }),
          (taken) => taken.at(-1)?.text === 'tick 2',
        );
        const numbered = (stream: string): string[] =>
          lines.filter((line) => line.stream === stream && /^(out|err) /.test(line.text)).map(({ text }) => text);
        expect(numbered('stdout')).toEqual(Array.from({ length: TALK.lines }, (_, n) => `out ${n + 1}`));
        expect(numbered('stderr')).toEqual(Array.from({ length: TALK.lines }, (_, n) => `err ${n + 1}`));
        for (const { at } of lines) expect(Math.abs(Date.now() - at.getTime())).toBeLessThan(60_000);
        const long = lines.filter(({ text }) => isLong(text));
        expect(long.length).toBeGreaterThan(1);
        expect(Math.max(...long.map(({ text }) => text.length))).toBeLessThanOrEqual(64 * 1024);
        expect(long.map(({ text }) => text).join('')).toBe('x'.repeat(TALK.longLineBytes));
      });

      it('begin with the newest, or with a time', async () => {
        const { id, runtime } = await started('talking');
        const ticks = await take(
          runtime.logs(id, { follow: true, signal: patience() }),
          (taken) => taken.at(-1)?.text === 'tick 6',
        );
        await runtime.stop(id, 0);
        const whole = await take(runtime.logs(id, {}), all);
        expect(await take(runtime.logs(id, { tail: 3 }), all)).toEqual(whole.slice(-3));
        expect(await take(runtime.logs(id, { tail: 0 }), all)).toEqual([]);
        const { at } = ticks.find(({ text }) => text === 'tick 3')!;
        const since = await take(runtime.logs(id, { since: at }), all);
        expect(since[0]?.text).toBe('tick 3');
        expect(since.map(({ text }) => text)).toContain('tick 6');
      });

      it('follow what comes, until the container ends', async () => {
        const { id, runtime } = await started('talking');
        const lines: string[] = [];
        for await (const { text } of runtime.logs(id, { follow: true, tail: 1, signal: patience() })) {
          lines.push(text);
          if (lines.length === 3) await runtime.stop(id, 0);
        }
        expect(lines.length).toBeGreaterThanOrEqual(3);
      });

      it('follow until the caller has enough', async () => {
        const { id, runtime } = await started('talking');
        const enough = new AbortController();
        let count = 0;
        for await (const line of runtime.logs(id, { follow: true, signal: enough.signal })) {
          expect(line.text).toBeDefined();
          count += 1;
          enough.abort();
        }
        expect(count).toBe(1);
        expect(await take(runtime.logs(id, { follow: true, signal: enough.signal }), all)).toEqual([]);
      });

      it('of a container that never ran are empty', async () => {
        const { id } = await created();
        expect(await take(sut.logs(id, {}), all)).toEqual([]);
      });
    });

    describe('events', () => {
      it('tell the life of a container, and nothing of another installation', async () => {
        const stop = new AbortController();
        const seen: RuntimeEvent[] = [];
        const strange: RuntimeEvent[] = [];
        const container = await created();
        const mine = sut.events(specs.installation, stop.signal);
        const others = sut.events(newId<InstallationId>(), stop.signal);
        const step =
          (kind: RuntimeEvent['kind'], act: () => Promise<void>): (() => Promise<void>) =>
          async () => {
            await act();
            while (!seen.some((event) => event.kind === kind && event.containerId === container.id)) {
              await new Promise((resolve) => setTimeout(resolve, 10));
            }
          };
        const reading = Promise.all([
          (async () => {
            for await (const event of mine) seen.push(event);
          })(),
          (async () => {
            for await (const event of others) strange.push(event);
          })(),
        ]);
        await step('started', () => sut.start(container.id))();
        await step('paused', () => sut.pause(container.id))();
        await step('unpaused', () => sut.unpause(container.id))();
        await step('exited', () => sut.stop(container.id, 0))();
        await step('removed', () => sut.remove(container.id))();
        stop.abort();
        await reading;
        const kinds = seen.filter(({ containerId }) => containerId === container.id).map(({ kind }) => kind);
        expect([...new Set(kinds)]).toEqual(['started', 'paused', 'unpaused', 'exited', 'removed']);
        expect(seen.find(({ containerId }) => containerId === container.id)?.owner).toEqual(container.spec.owner);
        expect(strange).toEqual([]);
      });

      it('tell that an agent ended by itself, to another adapter object too', async () => {
        const stop = new AbortController();
        const { id, runtime } = await created('ending');
        const both = [runtime, harness.runtime()].map((each) =>
          take(each.events(specs.installation, stop.signal), (taken) =>
            taken.some(({ kind, containerId }) => kind === 'exited' && containerId === id),
          ),
        );
        await runtime.start(id);
        for (const events of await Promise.all(both)) expect(events.at(-1)).toMatchObject({ kind: 'exited' });
        stop.abort();
      });
    });
  });
}
