import { describe, expect, it } from '@jest/globals';
import { newId, type InstallationId } from '../../src/domain/ids.js';
import type { RuntimeEvent } from '../../src/domain/runtime/container-runtime.js';
import type { ContractContext } from './contract-context.js';
import { all, take, TALK } from './runtime-harness.js';

/** Logs and events. */
export function observationContract(on: ContractContext): void {
  describe('logs', () => {
    it('tell the streams apart, in order, with times', async () => {
      const { id, runtime } = await on.started('talking');
      const isLong = (text: string): boolean => text.startsWith('xxx');
      const lines = await take(
        runtime.logs(id, { follow: true, signal: on.patience() }),
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
      const { id, runtime } = await on.started('talking');
      const ticks = await take(
        runtime.logs(id, { follow: true, signal: on.patience() }),
        (taken) => taken.at(-1)?.text === 'tick 6',
      );
      await runtime.stop(id, 0);
      const whole = await take(runtime.logs(id, {}), all);
      expect(await take(runtime.logs(id, { tail: 3 }), all)).toEqual(whole.slice(-3));
      expect(await take(runtime.logs(id, { tail: 0 }), all)).toEqual([]);
      const { at } = ticks.find(({ text }) => text === 'tick 3')!;
      const since = await take(runtime.logs(id, { since: at }), all);
      expect(since).toEqual(whole.filter((line) => line.at >= at));
      expect(since.map(({ text }) => text)).toEqual(expect.arrayContaining(['tick 3', 'tick 6']));
      if (on.lacks('log-times')) expect(whole.filter((line) => line.at.getMilliseconds() !== 0)).toEqual([]);
      else expect(since[0]?.text).toBe('tick 3');
    });

    it('follow what comes, until the container ends', async () => {
      const { id, runtime } = await on.started('talking');
      const lines: string[] = [];
      for await (const { text } of runtime.logs(id, { follow: true, tail: 1, signal: on.patience() })) {
        lines.push(text);
        if (lines.length === 3) await runtime.stop(id, 0);
      }
      expect(lines.length).toBeGreaterThanOrEqual(3);
    });

    it('follow until the caller has enough', async () => {
      const { id, runtime } = await on.started('talking');
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
      const { id } = await on.created();
      expect(await take(on.sut.logs(id, {}), all)).toEqual([]);
    });
  });

  describe('events', () => {
    it('tell the life of a container, and nothing of another installation', async () => {
      const stop = new AbortController();
      const seen: RuntimeEvent[] = [];
      const strange: RuntimeEvent[] = [];
      const container = await on.created();
      const mine = on.sut.events(on.specs.installation, stop.signal);
      const others = on.sut.events(newId<InstallationId>(), stop.signal);
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
      await step('started', () => on.sut.start(container.id))();
      await step('paused', () => on.sut.pause(container.id))();
      await step('unpaused', () => on.sut.unpause(container.id))();
      await step('exited', () => on.sut.stop(container.id, 0))();
      await step('removed', () => on.sut.remove(container.id))();
      stop.abort();
      await reading;
      const kinds = seen.filter(({ containerId }) => containerId === container.id).map(({ kind }) => kind);
      expect([...new Set(kinds)]).toEqual(['started', 'paused', 'unpaused', 'exited', 'removed']);
      expect(seen.find(({ containerId }) => containerId === container.id)?.owner).toEqual(container.spec.owner);
      expect(strange).toEqual([]);
    });

    it('tell that an agent ended by itself, to another adapter object too', async () => {
      const stop = new AbortController();
      const { id, runtime } = await on.created('ending');
      const both = [runtime, on.harness.runtime()].map((each) =>
        take(each.events(on.specs.installation, stop.signal), (taken) =>
          taken.some(({ kind, containerId }) => kind === 'exited' && containerId === id),
        ),
      );
      await runtime.start(id);
      for (const events of await Promise.all(both)) expect(events.at(-1)).toMatchObject({ kind: 'exited' });
      stop.abort();
    });
  });
}
