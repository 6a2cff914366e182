import { setTimeout as sleep } from 'node:timers/promises';
import { byTurns, median, quantile } from '../measure.mjs';
import { newAgents } from './agents.mjs';

const POOL = 2;
const PER_ROUND = 5;

/**
 * From the request to start an agent until its first command has answered: by a Muster that has warm containers, each time
 * when its pool is full and at rest, and by one that has none.
 */
export async function warm({ api: cold, startMuster, rounds }) {
  const { api, metrics, stop } = await startMuster({ POOL_SIZE: String(POOL), POOL_MAX: String(POOL) });
  try {
    let made = 0;
    const round = async (muster, ready) => {
      const agents = await newAgents(muster, { name: `bench-warm-${made++}`, count: PER_ROUND });
      const times = [];
      for (const { path } of agents) {
        await ready();
        const begun = performance.now();
        await firstAnswer(muster, path);
        times.push(performance.now() - begun);
      }
      for (const { projectId } of agents) await muster('DELETE', `/projects/${projectId}`);
      return figuresOf(times);
    };
    // The pool learns from a first start what is asked for.
    const [first] = await newAgents(api, { name: 'bench-warm-first', count: 1 });
    await firstAnswer(api, first.path);
    await api('DELETE', `/projects/${first.projectId}`);
    const figures = await byTurns({
      rounds,
      muster: () => round(api, () => untilFull(metrics)),
      limit: () => round(cold, () => sleep(500)),
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

function figuresOf(times) {
  const sum = times.reduce((total, time) => total + time, 0);
  times.sort((a, b) => a - b);
  return {
    count: times.length,
    perSecond: (times.length / sum) * 1000,
    p50: quantile(times, 0.5),
    p95: quantile(times, 0.95),
  };
}

async function firstAnswer(api, path) {
  await api('POST', `${path}/actions`, { json: { action: 'start' }, headers: { prefer: 'wait=60' } });
  const { status } = await api('POST', `${path}/runs`, { json: { type: 'exec', command: ['true'] } });
  if (status !== 'passed') throw new Error(`${path}: true is ${status}`);
}

/** Full, and nothing being prepared. */
async function untilFull(metrics) {
  for (;;) {
    const text = await metrics();
    const of = (state) =>
      Number(
        new RegExp(`^agent_manager_pool_containers\\{[^}]*state="${state}"[^}]*\\} (\\d+)`, 'm').exec(text)?.[1] ?? 0,
      );
    if (of('ready') >= POOL && of('preparing') === 0) return sleep(300);
    await sleep(100);
  }
}
