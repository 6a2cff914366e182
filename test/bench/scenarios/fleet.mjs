import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { newAgents } from './agents.mjs';

const ON_RECORD = 1_000;
const RUNNING = 50;
const AT_ONCE = 10;
const SETTLE_SECONDS = 20;
const IDLE_SECONDS = 65;
const TICKS_PER_SECOND = 100;

/** What Muster costs when nothing happens: a thousand agents on record, fifty of them running. Its limits are absolute. */
export async function fleet({ startMuster }) {
  const muster = await startMuster();
  const { api, metrics, pid, stop } = muster;
  try {
    const agents = [];
    while (agents.length < ON_RECORD) {
      agents.push(...(await newAgents(api, { name: `bench-fleet-${agents.length}`, count: AT_ONCE * 10 })));
    }
    for (let index = 0; index < RUNNING; index += AT_ONCE) {
      await Promise.all(
        agents.slice(index, index + AT_ONCE).map(async ({ path }) => {
          await api('POST', `${path}/actions`, { json: { action: 'start' }, headers: { prefer: 'wait=120' } });
        }),
      );
    }
    // What fifty starts leave behind is collected by then.
    await sleep(SETTLE_SECONDS * 1_000);
    const before = { cpu: await cpuSeconds(pid), resync: await resyncs(metrics) };
    await sleep(IDLE_SECONDS * 1_000);
    const after = { cpu: await cpuSeconds(pid), resync: await resyncs(metrics) };
    const cpuPercent = ((after.cpu - before.cpu) / IDLE_SECONDS) * 100;
    const times = after.resync.count - before.resync.count;
    const resyncMs = ((after.resync.seconds - before.resync.seconds) / times) * 1_000;
    const memoryMiB = Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
    for (let index = 0; index < RUNNING; index += AT_ONCE) {
      await Promise.all(
        agents
          .slice(index, index + AT_ONCE)
          .map(({ path }) =>
            api('POST', `${path}/actions`, { json: { action: 'destroy' }, headers: { prefer: 'wait=60' } }),
          ),
      );
    }
    return [
      absolute('1,000 agents, 50 running: resync', resyncMs, 5_000, 'ms'),
      absolute('… idle CPU', cpuPercent, 3, '% of a core'),
      absolute('… memory', memoryMiB, 250, 'MiB'),
    ];
  } finally {
    await stop();
  }
}

const absolute = (name, value, most, unit) => ({
  name,
  unit,
  limit: `${most} ${unit}`,
  value,
  ratio: value / most,
  met: value <= most,
  wanted: `≤ ${most} ${unit}`,
});

async function cpuSeconds(pid) {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

async function resyncs(metrics) {
  const text = await metrics();
  const of = (what) =>
    Number(new RegExp(`^agent_manager_resync_duration_seconds_${what} (\\S+)`, 'm').exec(text)?.[1] ?? 0);
  return { count: of('count'), seconds: of('sum') };
}
