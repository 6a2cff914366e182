import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemActor } from '../../src/domain/events/actor.js';
import type { InstancePath } from '../../src/domain/lifecycle/lifecycle-records.js';
import type { LifecycleAction } from '../../src/domain/lifecycle/lifecycle-states.js';
import { eventually } from '../support/eventually.js';
import type { LifecycleHost } from '../support/lifecycle-host.js';
import { LifecycleWorld } from '../support/lifecycle-world.js';

const ADMIN = systemActor('test');
const WAIT_MS = 20_000;
const env = [
  { name: 'TOKEN', secret: 'token' },
  { name: 'MAYBE', secret: 'maybe', required: false },
];

describe('secrets in the life of an agent', () => {
  let world: LifecycleWorld;
  let muster: LifecycleHost;

  beforeEach(async () => {
    world = await LifecycleWorld.create();
    muster = world.host().start();
    world.vault.set('token', 'one');
  });

  afterEach(async () => {
    await world.end();
  });

  const agent = async (): Promise<InstancePath> => world.instance({ manifest: { env } });
  const act = async (path: InstancePath, action: LifecycleAction) => muster.service.act(path, action, ADMIN, WAIT_MS);
  const has = (path: InstancePath): Record<string, string> =>
    Object.fromEntries(
      world.engine.of(path.id)[0]!.secrets.map(({ name, value }) => [name, Buffer.from(value).toString()]),
    );
  const told = async (path: InstancePath) =>
    (await world.read(path)).lifecycle.replicas[0]?.secrets?.map(({ variable, given }) => [variable, given?.version]);

  it('are given at each start, and kept by who runs on', async () => {
    const path = await agent();
    await act(path, 'start');
    expect([has(path), await told(path)]).toEqual([{ TOKEN: 'one' }, [['TOKEN', 1]]]);
    world.vault.set('token', 'two');
    await world.update(path, { $inc: { revision: 1 } });
    muster.reconciler.wake(path.id);
    await eventually(async () => {
      const { lifecycle, revision } = await world.read(path);
      expect(lifecycle.replicas[0]?.configuredRevision).toBe(revision);
    });
    expect([has(path), await told(path)]).toEqual([{ TOKEN: 'one' }, [['TOKEN', 1]]]);
    const [before] = world.engine.of(path.id);
    await act(path, 'restart');
    expect(world.engine.of(path.id)[0]!.id).toBe(before!.id);
    expect([has(path), await told(path)]).toEqual([{ TOKEN: 'two' }, [['TOKEN', 2]]]);
  });

  it('that came to be there since are given from the next start on, to another container', async () => {
    const path = await agent();
    await act(path, 'start');
    const [before] = world.engine.of(path.id);
    world.vault.set('maybe', 'now');
    await act(path, 'restart');
    expect(world.engine.of(path.id).map(({ id }) => id)).not.toContain(before!.id);
    expect(has(path)).toEqual({ TOKEN: 'one', MAYBE: 'now' });
  });

  it('that are not there keep it from starting, until they are and somebody asks again', async () => {
    world.vault.delete('token');
    const path = await agent();
    await expect(act(path, 'start')).rejects.toMatchObject({ code: 'VARIABLE_MISSING' });
    expect(world.engine.of(path.id)).toEqual([]);
    world.vault.set('token', 'one');
    await act(path, 'start');
    expect(has(path)).toEqual({ TOKEN: 'one' });
  });

  it('that are deleted while its container is made keep it from starting too', async () => {
    const path = await agent();
    world.engine.beforeEffect = async (call) => {
      if (call === 'start') world.vault.delete('token');
      return Promise.resolve();
    };
    await expect(act(path, 'start')).rejects.toMatchObject({ code: 'VARIABLE_MISSING' });
    await eventually(async () => {
      expect(world.engine.of(path.id).map(({ state }) => state)).not.toContain('running');
      return Promise.resolve();
    });
  });

  it('are given by the Muster that goes on where another died, in the middle of a start', async () => {
    const path = await agent();
    world.engine.failNext('start', 'after', 'timeout');
    await act(path, 'start');
    expect(has(path)).toEqual({ TOKEN: 'one' });
  });

  it('are given anew to a container that somebody started again', async () => {
    const path = await agent();
    await act(path, 'start');
    const [container] = world.engine.of(path.id);
    world.vault.set('token', 'two');
    container!.secrets = [];
    container!.pid = container!.pid! + 1;
    muster.reconciler.wake(path.id);
    await eventually(async () => {
      expect([has(path), await told(path)]).toEqual([{ TOKEN: 'two' }, [['TOKEN', 2]]]);
    });
  });

  it('are in no event and no document of the agent', async () => {
    world.vault.set('token', 'not-to-be-found');
    const path = await agent();
    await act(path, 'start');
    expect(has(path)).toEqual({ TOKEN: 'not-to-be-found' });
    const documents = await world.database.db.collection('agent_instances').find().toArray();
    expect(JSON.stringify([documents, muster.events])).not.toContain('not-to-be-found');
  });
});
