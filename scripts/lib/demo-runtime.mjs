import { ensureAgentImage } from './agent-image.mjs';
import { findEngine } from './engine.mjs';

/**
 * Docker where an engine answers and the agent image can be had or built, else the process runtime; says which and why.
 *
 * @param {import('./log.mjs').Log} log
 * @returns {Promise<{ name: 'docker' | 'process', host?: string }>}
 */
export async function chooseRuntime(log) {
  const asked = process.env.RUNTIME;
  if (asked === 'process') {
    log.step('runtime').done('process, because RUNTIME asks for it; it is no boundary against hostile agents');
    return { name: 'process' };
  }
  const step = log.step('runtime');
  const engine = await findEngine();
  if (!engine.host) {
    step.done(
      `process, because no container engine answers (${engine.reason}); it is no boundary against hostile agents`,
    );
    return { name: 'process' };
  }
  step.done(`docker: engine ${engine.version} answers`);
  try {
    await ensureAgentImage({ host: engine.host, log });
    return { name: 'docker', host: engine.host };
  } catch (error) {
    log.warn(`The agent image cannot be had (${error.message}), so the process runtime is used; it is no boundary.`);
    return { name: 'process' };
  }
}
