import { setTimeout as sleep } from 'node:timers/promises';
import { byTurns, median, timed } from '../measure.mjs';
import { newAgents } from './agents.mjs';

const POOL = 6;

/** From the request to start an agent until its first command has answered: with a warm container, and without. */
export async function warm({ startMuster, rounds }) {
  const { api, metrics, stop } = await startMuster({ POOL_SIZE: String(POOL) });
  try {
    let made = 0;
    const firstAnswers = async (agents) => {
      const figures = await timed({ count: agents.length, atOnce: 1 }, (index) => firstAnswer(api, agents[index].path));
      for (const { projectId } of agents) await api('DELETE', `/projects/${projectId}`);
      return figures;
    };
    const agents = (count, manifest) => newAgents(api, { name: `bench-warm-${made++}`, count, manifest });
    // The pool learns from a first start what is asked for.
    await firstAnswers(await agents(1));
    const figures = await byTurns({
      rounds,
      muster: async () => {
        const some = await agents(POOL);
        await untilFull(metrics);
        return firstAnswers(some);
      },
      // Every other specification is one that the pool has not.
      limit: async () =>
        firstAnswers(await agents(3, { gracePeriodSeconds: 11, resources: { memoryMiB: 300 + made } })),
    });
    const p50 = median(figures.muster, 'p50');
    const p95 = median(figures.muster, 'p95');
    const ratio = p50 / median(figures.limit, 'p50');
    return [
      {
        name: 'warm claim until the first exec',
        unit: 'starts/s',
        limit: 'the same without a warm container',
        figures,
        ratio,
        met: p50 <= 60 && p95 <= 130 && ratio <= 1 / 3,
        wanted: 'p50 ≤ 60 ms, p95 ≤ 130 ms, ≤ 0.33 times cold',
      },
    ];
  } finally {
    await stop();
  }
}

async function firstAnswer(api, path) {
  await api('POST', `${path}/actions`, { json: { action: 'start' }, headers: { prefer: 'wait=60' } });
  const { status } = await api('POST', `${path}/runs`, { json: { type: 'exec', command: ['true'] } });
  if (status !== 'passed') throw new Error(`${path}: true is ${status}`);
}

async function untilFull(metrics) {
  for (;;) {
    const ready = /^agent_manager_pool_containers\{[^}]*state="ready"[^}]*\} (\d+)/m.exec(await metrics())?.[1];
    if (Number(ready ?? 0) >= POOL) return;
    await sleep(100);
  }
}
