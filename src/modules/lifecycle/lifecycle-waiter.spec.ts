import { describe, expect, it } from '@jest/globals';
import { newId, type AgentInstanceId } from '../../domain/ids.js';
import type { LifecycleRecords } from '../../domain/lifecycle/lifecycle-records.js';
import type { ManagedInstance } from '../../domain/lifecycle/managed-instance.js';
import type { Draining } from '../../platform/http/draining.js';
import { LifecycleNews, SEEN_AT_ONCE } from './lifecycle-news.js';
import { LifecycleNotifier } from './lifecycle-notifier.js';
import { LifecycleSettings } from './lifecycle-settings.js';
import { LifecycleWaiter } from './lifecycle-waiter.js';

const NEVER_MS = 600_000;

const instanceIn = (id: AgentInstanceId, state: string): ManagedInstance =>
  ({ id, lifecycle: { state } }) as unknown as ManagedInstance;

const runs = ({ lifecycle }: ManagedInstance): boolean => lifecycle.state === 'running';

/** Documents of agents, and who asked for them. */
class Documents {
  readonly states = new Map<AgentInstanceId, string>();
  readonly looks: (readonly AgentInstanceId[])[] = [];
  /** Awaited within a look. */
  beforeAnswer: () => Promise<void> = async () => Promise.resolve();

  async findAll(ids: readonly AgentInstanceId[]): Promise<readonly ManagedInstance[]> {
    this.looks.push(ids);
    await this.beforeAnswer();
    return ids.flatMap((id) => {
      const state = this.states.get(id);
      return state === undefined ? [] : [instanceIn(id, state)];
    });
  }
}

function setUp(waiterPollMs: number) {
  const documents = new Documents();
  const notifier = new LifecycleNotifier();
  const records = documents as unknown as LifecycleRecords;
  const news = new LifecycleNews(records, notifier, new LifecycleSettings({ waiterPollMs }));
  const draining = new AbortController();
  const waiter = new LifecycleWaiter(news, { signal: draining.signal } as Draining);
  const until = async (id: AgentInstanceId, waitMs = NEVER_MS): Promise<string> =>
    (await waiter.until(instanceIn(id, 'enabled'), runs, waitMs, draining.signal)).lifecycle.state;
  return { documents, notifier, draining, until };
}

const ids = (count: number): AgentInstanceId[] => Array.from({ length: count }, () => newId<AgentInstanceId>());

describe('who waits for agents', () => {
  it('is told of what this process writes, and reads nothing for it', async () => {
    const { documents, notifier, until } = setUp(NEVER_MS / 2);
    const all = ids(500);
    const waiting = Promise.all(all.map(async (id) => until(id)));
    for (const state of ['creating', 'starting', 'running', 'stopping']) {
      for (const id of all) notifier.changed(instanceIn(id, state));
    }
    expect(new Set(await waiting)).toEqual(new Set(['running']));
    expect(documents.looks).toEqual([]);
  });

  it('sees what other processes wrote, one look at a time, each at a bounded number, and at all in turn', async () => {
    const { documents, until } = setUp(1);
    const all = ids(500);
    let atOnce = 0;
    documents.beforeAnswer = async () => {
      atOnce += 1;
      await new Promise((resolve) => setImmediate(resolve));
      expect(atOnce).toBe(1);
      atOnce -= 1;
      if (documents.looks.flat().length >= all.length) for (const id of all) documents.states.set(id, 'running');
    };
    const waiting = Promise.all(all.map(async (id) => until(id)));
    expect(new Set(await waiting)).toEqual(new Set(['running']));
    expect(Math.max(...documents.looks.map(({ length }) => length))).toBe(SEEN_AT_ONCE);
    // Each once before any of them twice.
    expect(new Set(documents.looks.flat().slice(0, all.length))).toEqual(new Set(all));
  });

  it('looks no more when nobody waits, and again when somebody does', async () => {
    const { documents, until } = setUp(1);
    const [first, second] = ids(2) as [AgentInstanceId, AgentInstanceId];
    documents.states.set(first, 'running');
    expect(await until(first)).toBe('running');
    const looks = documents.looks.length;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(documents.looks).toHaveLength(looks);
    documents.states.set(second, 'running');
    expect(await until(second)).toBe('running');
    expect(documents.looks.at(-1)).toEqual([second]);
  });

  it('goes on waiting when a look fails', async () => {
    const { documents, until } = setUp(1);
    const [id] = ids(1) as [AgentInstanceId];
    documents.beforeAnswer = async () => {
      documents.states.set(id, 'running');
      if (documents.looks.length < 3) throw new Error('the database does not answer');
      return Promise.resolve();
    };
    expect(await until(id)).toBe('running');
    expect(documents.looks).toHaveLength(3);
  });

  it('has it as last seen when the time is up, or this process is about to end', async () => {
    const { notifier, draining, until } = setUp(NEVER_MS);
    const [late, drained, none] = ids(3) as [AgentInstanceId, AgentInstanceId, AgentInstanceId];
    const waiting = [until(late, 50), until(drained)];
    for (const id of [late, drained]) notifier.changed(instanceIn(id, 'starting'));
    expect(await waiting[0]).toBe('starting');
    draining.abort();
    expect(await waiting[1]).toBe('starting');
    expect(await until(none)).toBe('enabled');
  });

  it('may wait without a limit, and several for the same', async () => {
    const { notifier, until } = setUp(NEVER_MS / 2);
    const [id] = ids(1) as [AgentInstanceId];
    const waiting = [until(id, Infinity), until(id, Infinity), until(id, 1)];
    expect(await waiting[2]).toBe('enabled');
    notifier.changed(instanceIn(id, 'running'));
    expect(await Promise.all(waiting.slice(0, 2))).toEqual(['running', 'running']);
  });
});
