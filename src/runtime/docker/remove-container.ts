import { setTimeout as delay } from 'node:timers/promises';
import type { EngineClient } from './engine-client.js';
import { hasStatus, ignoring } from './engine-error.js';

const LOOK_EVERY_MS = 25;
/** For a container that did not end in time, before it is asked for once more. */
const ONCE_MORE_AFTER_MS = 500;

/** Removes a container in whatever state it is; one that is not there is fine. Resolves when it is gone. @throws RuntimeError remove-failed */
export async function removeContainer(engine: EngineClient, id: string): Promise<void> {
  await engine.call({
    what: `remove container ${id}`,
    meaning: { otherwise: 'remove-failed' },
    run: async (docker, signal) => {
      const container = docker.getContainer(id);
      const remove = async (): Promise<'busy' | 'gone' | 'not-ended'> =>
        container.remove({ force: true, v: true }).then(
          () => 'gone',
          (error: unknown) => {
            if (hasStatus(error, 500)) return 'not-ended';
            ignoring(404, 409)(error);
            return hasStatus(error, 409) ? 'busy' : 'gone';
          },
        );
      let outcome = await remove();
      if (outcome === 'not-ended') {
        // gVisor's sandboxes that are paused end after the engine has stopped waiting for them.
        await delay(ONCE_MORE_AFTER_MS, undefined, { signal });
        await container.remove({ force: true, v: true }).catch(ignoring(404, 409));
        outcome = 'busy';
      }
      // 409: another call removes it already. It is gone when that is done.
      while (outcome === 'busy' && (await container.inspect().catch(ignoring(404))) !== undefined) {
        await delay(LOOK_EVERY_MS, undefined, { signal });
      }
    },
  });
}
