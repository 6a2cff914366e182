import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemActor } from '../../src/domain/events/actor.js';
import { InvalidTransitionError } from '../../src/domain/errors/invalid-transition.error.js';
import { OutboxFullError } from '../../src/domain/errors/outbox-full.error.js';
import type { InstancePath } from '../../src/domain/lifecycle/lifecycle-records.js';
import type { LifecycleAction } from '../../src/domain/lifecycle/lifecycle-states.js';
import { eventually } from '../support/eventually.js';
import type { LifecycleHost } from '../support/lifecycle-host.js';
import { LifecycleWorld } from '../support/lifecycle-world.js';

const ADMIN = systemActor('test');
const AGENTS = 8;
const ROUNDS = 12;
const ASKED = ['start', 'stop', 'restart', 'pause', 'resume', 'disable', 'enable', 'scale', 'scale', 'scale'] as const;

describe('agents with several replicas', () => {
  let world: LifecycleWorld;

  beforeEach(async () => {
    world = await LifecycleWorld.create();
  });

  afterEach(async () => {
    await world.end();
  });

  const random = (seed: number): ((of: number) => number) => {
    let state = seed;
    return (of) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * of);
    };
  };

  /** Somebody does something to one of its containers. */
  const meddle = (path: InstancePath, choose: (of: number) => number): void => {
    const containers = world.engine.of(path.id);
    if (containers.length === 0) return;
    const container = containers[choose(containers.length)]!;
    const ways = [
      () => {
        world.engine.remove(container.id);
      },
      () => {
        world.engine.exit(container.id, choose(2) * 3);
      },
      () => {
        if (container.state === 'running') container.state = 'paused';
      },
      () => {
        if (container.state === 'running') world.engine.hung.add(container.id);
      },
    ];
    ways[choose(ways.length)]!();
  };

  /** What cannot be asked of it just now is not. */
  const act = async (
    by: LifecycleHost,
    path: InstancePath,
    action: LifecycleAction,
    copies?: number,
  ): Promise<void> => {
    for (;;) {
      try {
        await by.service.act(path, action, ADMIN, 0, copies);
        return;
      } catch (error) {
        if (error instanceof InvalidTransitionError) return;
        if (!(error instanceof OutboxFullError)) throw error;
        // Asked for faster than the log takes it: as it says, again a little later.
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  };

  const ask = async (by: LifecycleHost, path: InstancePath, choose: (of: number) => number): Promise<void> => {
    const action = ASKED[choose(ASKED.length)]!;
    await act(by, path, action, action === 'scale' ? choose(5) + 1 : undefined);
  };

  /** As it is on record, and in the engine; nobody is at work on it, and nothing is due. */
  const settled = async (path: InstancePath): Promise<{ states: string[]; engine: string[] }> => {
    const { lifecycle } = await world.read(path);
    expect([lifecycle.observedGeneration, lifecycle.lease?.until.getTime(), lifecycle.retryAt, lifecycle.error]).toEqual([
      lifecycle.desired.generation, 0, null, null,
    ]); // prettier-ignore
    const { engine } = world;
    return {
      states: lifecycle.replicas.map(({ index, state, containerId }) => `${index} ${containerId} ${state}`).sort(),
      engine: engine.of(path.id).map(({ id, spec, state }) => `${spec.owner.replica} ${id} ${state}`).sort(),
    }; // prettier-ignore
  };

  it('end as asked last, whatever is asked, and done to their containers, on the way', async () => {
    const musters = [world.host().start(), world.host().start()];
    const paths = await Promise.all(Array.from({ length: AGENTS }, async () => world.instance()));
    await Promise.all(
      paths.map(async (path, at) => {
        const choose = random(at + 1);
        for (let round = 0; round < ROUNDS; round += 1) {
          await ask(musters[choose(2)]!, path, choose);
          if (choose(3) > 0) await new Promise((resolve) => setTimeout(resolve, choose(60)));
          if (choose(2) > 0) meddle(path, choose);
        }
      }),
    );
    const ends = ['running', 'stopped', 'disabled'] as const;
    const wanted = { running: 'start', stopped: 'stop', disabled: 'disable' } as const;
    for (const [at, path] of paths.entries()) {
      const end = ends[at % ends.length]!;
      if (end !== 'disabled') await act(musters[0]!, path, 'enable');
      if (end !== 'disabled') await act(musters[0]!, path, 'scale', (at % 4) + 1);
      await act(musters[at % 2]!, path, wanted[end]);
    }
    for (const [at, path] of paths.entries()) {
      const end = ends[at % ends.length]!;
      await eventually(async () => {
        const { states, engine } = await settled(path);
        const indexes = Array.from({ length: (at % 4) + 1 }, (_, index) => index);
        if (end === 'disabled') expect([states, engine]).toEqual([[], []]);
        else if (end === 'running') {
          expect(states.map((state) => state.replace(/ \w* /, ' '))).toEqual(
            indexes.map((index) => `${index} running`),
          );
          expect(engine).toEqual(states);
        } else {
          // Those that were not made stay unmade until it starts.
          expect(states.every((state) => state.endsWith('stopped'))).toBe(true);
          expect(engine.map((state) => state.replace(/ \w*$/, ''))).toEqual(
            states.filter((state) => !state.includes('null')).map((state) => state.replace(/ \w*$/, '')),
          );
        }
      });
    }
    for (const path of paths) {
      await musters[0]!.service.act(path, 'destroy', ADMIN, 20_000);
      expect((await world.read(path)).lifecycle.replicas).toEqual([]);
    }
    expect(world.engine.containers.size).toBe(0);
  }, 120_000);
});
