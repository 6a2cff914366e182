import Docker from 'dockerode';
import { rm } from 'node:fs/promises';
import { byTurns, median, timed } from '../measure.mjs';
import { newAgents } from './agents.mjs';
import { firstAnswer, plainFolders, plainOptions } from './lifecycle-start.mjs';

const AT_ONCE = 20;
const WAIT = { prefer: 'wait=120' };

/**
 * Twenty starts at once, against the same burst of dockerode's create + start + first answer; then their graceful stops, one after
 * another, against the engine's own.
 */
export async function bursts({ api, rounds, dockerHost }) {
  const docker = new Docker({ socketPath: dockerHost.replace('unix://', '') });
  const act = async ({ path }, action, state) => {
    const answer = await api('POST', `${path}/actions`, { json: { action }, headers: WAIT });
    if (answer.state !== state) throw new Error(`${path} is ${answer.state}`);
  };
  const burst = (work) => timed({ count: AT_ONCE, atOnce: AT_ONCE }, work);

  const [sample] = await newAgents(api, { name: 'bench-burst-sample', count: 1 });
  await act(sample, 'start', 'running');
  const { lifecycle } = await api('GET', sample.path);
  const model = await docker.getContainer(lifecycle.containerId).inspect();

  const stops = { muster: [], limit: [] };
  const starts = await byTurns({
    rounds,
    async muster(round) {
      const agents = await newAgents(api, { name: `bench-burst-${round}`, count: AT_ONCE });
      const measured = await burst((index) => act(agents[index], 'start', 'running'));
      stops.muster.push(await timed({ count: 5, atOnce: 1 }, (index) => act(agents[index], 'stop', 'stopped')));
      for (const { projectId } of agents) await api('DELETE', `/projects/${projectId}`);
      await untilGone(docker);
      return measured;
    },
    async limit() {
      const folders = await Promise.all(Array.from({ length: AT_ONCE }, () => plainFolders(model)));
      const containers = [];
      const measured = await burst(async (index) => {
        const container = await docker.createContainer(plainOptions(model, folders[index]));
        containers.push(container);
        await container.start();
        await firstAnswer(folders[index].private);
      });
      stops.limit.push(await timed({ count: 5, atOnce: 1 }, (index) => containers[index].stop({ t: 10 })));
      for (const container of containers) await container.remove({ force: true });
      await Promise.all(folders.map((folder) => rm(folder.root, { recursive: true, force: true })));
      return measured;
    },
  });
  await api('DELETE', `/projects/${sample.projectId}`);
  const startRatio = median(starts.muster, 'p95') / median(starts.limit, 'p95');
  const stopMs = median(stops.muster, 'p50');
  return [
    {
      name: '20 starts at once (p95)',
      unit: 'starts/s',
      limit: 'the same burst of dockerode create + start + first answer',
      figures: starts,
      ratio: startRatio,
      met: startRatio <= 1.3,
      wanted: '≤ 1.3 times at p95',
    },
    {
      name: 'graceful stop',
      unit: 'stops/s',
      limit: 'dockerode stop',
      figures: stops,
      ratio: stopMs / median(stops.limit, 'p50'),
      extraMs: stopMs - median(stops.limit, 'p50'),
      met: stopMs < 1_000,
      wanted: '< 1 s',
    },
  ];
}

/** What Muster removes afterwards is not to be in the way of the other's turn. */
async function untilGone(docker) {
  for (;;) {
    const left = await docker.listContainers({
      all: true,
      filters: { label: ['io.muster.installation'], name: ['bench-burst-[0-9]'] },
    });
    if (left.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
