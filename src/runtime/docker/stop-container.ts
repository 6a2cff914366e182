import type { EngineClient } from './engine-client.js';
import { ignoring } from './engine-error.js';

/** Ends a container's program. One that does not run, or is not there, is fine. @throws RuntimeError stop-failed */
export async function stopContainer(engine: EngineClient, id: string, gracePeriodSeconds: number): Promise<void> {
  await engine.call({
    what: `stop container ${id}`,
    run: (docker) => docker.getContainer(id).stop({ t: gracePeriodSeconds }).catch(ignoring(304, 404)),
    meaning: { otherwise: 'stop-failed' },
    moreTimeMs: gracePeriodSeconds * 1000,
  });
}

/** Lets a paused container go on, where what is paused does not end. @throws RuntimeError stop-failed */
export async function resumeToEnd(engine: EngineClient, id: string): Promise<void> {
  await engine.call({
    what: `unpause container ${id}`,
    run: async (docker) => {
      const container = docker.getContainer(id);
      const info = await container.inspect().catch(ignoring(404));
      // 409: it went on meanwhile.
      if (info && info.State.Paused) await container.unpause().catch(ignoring(404, 409));
    },
    meaning: { otherwise: 'stop-failed' },
  });
}
