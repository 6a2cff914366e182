import Docker from 'dockerode';
import { mkdtemp, rm } from 'node:fs/promises';
import { chownSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { byTurns, median, timed } from '../measure.mjs';

/**
 * lifecycle.start on Docker, from the request until running and healthy; against dockerode's create + start + the first
 * answer of the same image, with the HostConfig that Muster gave its own container.
 */
export async function lifecycleStart({ api, rounds, dockerHost, perRound = 5 }) {
  const docker = new Docker({ socketPath: dockerHost.replace('unix://', '') });
  const template = await api('POST', '/templates', {
    json: {
      name: 'bench-start',
      role: 'developer',
      soul: 'Quick.',
      systemPrompt: 'Go.',
      config: { provider: 'echo', model: 'none' },
    },
  });
  let made = 0;
  const newAgent = async () => {
    const project = await api('POST', '/projects', {
      json: { name: `bench start ${made++}`, roleAssignments: [{ role: 'developer', templateId: template.id }] },
    });
    const { items } = await api('GET', `/projects/${project.id}/agents`);
    return { project, path: `/projects/${project.id}/agents/${items[0].id}` };
  };
  const start = async ({ path }) => {
    const { state } = await api('POST', `${path}/actions`, {
      json: { action: 'start' },
      headers: { prefer: 'wait=60' },
    });
    if (state !== undefined && state !== 'running') throw new Error(`${path} is ${state}`);
  };

  const sample = await newAgent();
  await start(sample);
  const { lifecycle } = await api('GET', sample.path);
  const model = await docker.getContainer(lifecycle.containerId).inspect();

  const figures = await byTurns({
    rounds,
    async muster() {
      const agents = await Promise.all(Array.from({ length: perRound }, newAgent));
      const measured = await timed({ count: perRound, atOnce: 1 }, (index) => start(agents[index]));
      await Promise.all(agents.map(({ project }) => api('DELETE', `/projects/${project.id}`)));
      return measured;
    },
    async limit() {
      const folders = await Promise.all(Array.from({ length: perRound }, () => plainFolders(model)));
      const containers = [];
      const measured = await timed({ count: perRound, atOnce: 1 }, async (index) => {
        const container = await docker.createContainer(plainOptions(model, folders[index]));
        containers.push(container);
        await container.start();
        await firstAnswer(folders[index].private);
      });
      await Promise.all(containers.map((container) => container.remove({ force: true })));
      await Promise.all(folders.map((folder) => rm(folder.root, { recursive: true, force: true })));
      return measured;
    },
  });
  await api('DELETE', `/projects/${sample.project.id}`);
  const ours = median(figures.muster, 'p50');
  const plain = median(figures.limit, 'p50');
  return [
    {
      name: 'lifecycle.start (Docker)',
      unit: 'starts/s',
      limit: 'dockerode create + start + first answer',
      figures,
      ratio: ours / plain,
      extraMs: ours - plain,
      met: ours / plain <= 1.15 && ours - plain <= 60,
      wanted: '≤ 1.15 times, ≤ 60 ms more',
    },
  ];
}

/** Folders of the limit's own, as Muster's mounts want them. */
export async function plainFolders(model) {
  const root = await mkdtemp(join(tmpdir(), 'muster-bench-'));
  const [uid, gid] = model.Config.User.split(':').map(Number);
  const folders = { root, private: await mkdtemp(join(root, 'p-')), workspace: await mkdtemp(join(root, 'w-')) };
  for (const folder of Object.values(folders)) chownSync(folder, uid, gid ?? uid);
  return folders;
}

/** The same container as Muster's, but for its name, labels and folders. */
export function plainOptions(model, folders) {
  const { Config, HostConfig } = model;
  const replaced = (target) => (target === '/run/muster' ? folders.private : folders.workspace);
  const { Binds, Mounts, ...rest } = HostConfig;
  return {
    Image: Config.Image,
    User: Config.User,
    Env: Config.Env,
    Cmd: Config.Cmd ?? undefined,
    Entrypoint: Config.Entrypoint ?? undefined,
    WorkingDir: Config.WorkingDir,
    Labels: { 'io.muster.bench': '1' },
    HostConfig: {
      ...rest,
      ...(Binds
        ? {
            Binds: Binds.map((bind) =>
              bind.replace(/^[^:]+:([^:]+)/, (_all, target) => `${replaced(target)}:${target}`),
            ),
          }
        : {}),
      ...(Mounts ? { Mounts: Mounts.map((mount) => ({ ...mount, Source: replaced(mount.Target) })) } : {}),
    },
  };
}

/** Asks for the health of the agent-server until it answers. */
export async function firstAnswer(folder) {
  const socketPath = join(folder, 'agent.sock');
  for (;;) {
    const answered = await new Promise((resolve) => {
      request({ socketPath, path: '/v1/health' }, (response) => {
        response.resume();
        response.once('end', () => resolve(response.statusCode === 200));
      })
        .once('error', () => resolve(false))
        .end();
    });
    if (answered) return;
    await sleep(2);
  }
}
