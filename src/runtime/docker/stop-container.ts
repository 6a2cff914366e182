import { RuntimeError } from '../../domain/runtime/runtime-errors.js';
import type { EngineClient } from './engine-client.js';
import { ignoring } from './engine-error.js';

/** Ends a container's program, paused or not. One that does not run, or is not there, is fine. @throws RuntimeError stop-failed */
export async function stopContainer(engine: EngineClient, id: string, gracePeriodSeconds: number): Promise<void> {
  try {
    await stop(engine, id, gracePeriodSeconds);
  } catch (error) {
    // Podman stops nothing that is paused.
    const refused = error instanceof RuntimeError && error.failure === 'stop-failed';
    if (!refused || !(await isPaused(engine, id))) throw error;
    await engine.call({
      what: `unpause container ${id}`,
      run: (docker, abortSignal) => docker.getContainer(id).unpause({ abortSignal }),
      meaning: { otherwise: 'stop-failed' },
    });
    await stop(engine, id, gracePeriodSeconds);
  }
}

async function stop(engine: EngineClient, id: string, gracePeriodSeconds: number): Promise<void> {
  await engine.call({
    what: `stop container ${id}`,
    run: (docker, abortSignal) =>
      docker.getContainer(id).stop({ t: gracePeriodSeconds, abortSignal }).catch(ignoring(304, 404)),
    meaning: { otherwise: 'stop-failed' },
    moreTimeMs: gracePeriodSeconds * 1000,
  });
}

async function isPaused(engine: EngineClient, id: string): Promise<boolean> {
  const info = await engine.call({
    what: `look at container ${id}`,
    run: (docker, abortSignal) => docker.getContainer(id).inspect({ abortSignal }).catch(ignoring(404)),
  });
  return info ? info.State.Paused : false;
}
