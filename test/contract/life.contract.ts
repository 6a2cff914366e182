import { describe, expect, it } from '@jest/globals';
import { newId, type InstallationId } from '../../src/domain/ids.js';
import type { ContractContext } from './contract-context.js';
import { all, configurationFor, take } from './runtime-harness.js';

/** Starting, stopping, pausing and removing containers, from one adapter object or several. */
export function lifeContract(on: ContractContext): void {
  describe('start, stop and remove', () => {
    it('show a running container with its process, and an ended one without', async () => {
      const container = await on.started();
      const { id } = container;
      // An agent that has not come so far as to listen takes no notice of SIGTERM.
      (await on.sut.waitUntilReachable(on.address(container), on.patience())).connection.close();
      const running = await on.sut.inspect(id);
      expect(running).toMatchObject({ state: 'running', exitCode: null });
      expect(running?.pid).toBeGreaterThan(1);
      expect(Math.abs(Date.now() - (running?.startedAt?.getTime() ?? 0))).toBeLessThan(60_000);
      await on.sut.stop(id, 5);
      expect(await on.sut.inspect(id)).toMatchObject({ state: 'exited', pid: null });
    });

    it('may be repeated', async () => {
      const container = await on.started();
      const { id } = container;
      await on.sut.start(id);
      (await on.sut.waitUntilReachable(on.address(container), on.patience())).connection.close();
      const { pid } = (await on.sut.inspect(id))!;
      await on.sut.start(id);
      expect((await on.sut.inspect(id))?.pid).toBe(pid);
      await on.sut.stop(id, 5);
      await on.sut.stop(id, 5);
      await on.sut.remove(id);
      await on.sut.remove(id);
      await on.sut.stop(id, 5);
      expect(await on.sut.inspect(id)).toBeNull();
    });

    it('start an ended container again', async () => {
      const container = await on.started();
      (await on.sut.waitUntilReachable(on.address(container), on.patience())).connection.close();
      await on.sut.stop(container.id, 5);
      await on.sut.start(container.id);
      const { connection, health } = await on.sut.waitUntilReachable(on.address(container), on.patience());
      expect(health.configured).toBeNull();
      connection.close();
    });

    it('tell how an agent ended', async () => {
      const { id, runtime } = await on.started('ending');
      await on.ended(runtime, id);
      expect(await runtime.inspect(id)).toMatchObject({ state: 'exited', exitCode: 3 });
    });

    it('kill what does not end in time', async () => {
      const { id, runtime } = await on.started('talking');
      await runtime.stop(id, 0);
      expect(await runtime.inspect(id)).toMatchObject({ state: 'exited', exitCode: 137 });
    });

    it('remove a running container, and free its name', async () => {
      const { id, spec } = await on.started();
      await on.sut.remove(id);
      expect(await on.sut.inspect(spec.name)).toBeNull();
      const again = await on.sut.create(spec);
      expect(again).not.toBe(id);
    });

    it('say that there is no such container', async () => {
      const { id } = await on.created();
      await on.sut.remove(id);
      await expect(on.sut.start(id)).rejects.toMatchObject({ failure: 'not-found' });
      await expect(on.sut.pause(id)).rejects.toMatchObject({ failure: 'not-found' });
      await expect(take(on.sut.logs(id, {}), all)).rejects.toMatchObject({ failure: 'not-found' });
    });
  });

  describe('pause', () => {
    it('holds the agent, and lets it go on with what it knew', async () => {
      const container = await on.started();
      if (!on.sut.capabilities.pause) {
        await expect(on.sut.pause(container.id)).rejects.toMatchObject({ failure: 'unsupported' });
        return;
      }
      const { connection } = await on.sut.waitUntilReachable(on.address(container), on.patience());
      const configuration = configurationFor(container.spec);
      await connection.configure(configuration);
      await on.sut.pause(container.id);
      await on.sut.pause(container.id);
      expect((await on.sut.inspect(container.id))?.state).toBe('paused');
      await expect(connection.health()).rejects.toMatchObject({ code: 'AGENT_UNREACHABLE' });
      await on.sut.unpause(container.id);
      await on.sut.unpause(container.id);
      expect((await on.sut.inspect(container.id))?.state).toBe('running');
      expect((await connection.health()).configured).toBe(configuration.digest);
      connection.close();
    });

    it('does not keep a container from being stopped or removed', async () => {
      const [one, two] = [await on.started(), await on.started()];
      await on.sut.pause(one.id);
      await on.sut.pause(two.id);
      await on.sut.stop(one.id, 5);
      expect((await on.sut.inspect(one.id))?.state).toBe('exited');
      await on.sut.remove(two.id);
      expect(await on.sut.inspect(two.id)).toBeNull();
    });

    it('refuses what does not run', async () => {
      const { id } = await on.created();
      await expect(on.sut.pause(id)).rejects.toMatchObject({ failure: 'refused' });
      await expect(on.sut.unpause(id)).rejects.toMatchObject({ failure: 'refused' });
    });
  });

  describe('another adapter object', () => {
    it('finds, reaches and ends what this one started', async () => {
      const container = await on.started();
      const other = on.harness.runtime();
      const found = (await other.list(on.specs.installation)).find(({ id }) => id === container.id);
      expect(found).toEqual(await on.sut.inspect(container.id));
      const { connection } = await other.waitUntilReachable(on.address(container), on.patience());
      connection.close();
      await other.stop(container.id, 5);
      expect((await on.sut.inspect(container.id))?.state).toBe('exited');
    });

    it('of another installation sees nothing of it', async () => {
      await on.created();
      expect(await on.sut.list(newId<InstallationId>())).toEqual([]);
    });
  });
}
