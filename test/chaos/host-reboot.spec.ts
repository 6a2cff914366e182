import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { describeEngine, engine, ENGINE_HOST, SMALL_IMAGE } from '../support/engine.js';
import { eventually } from '../support/eventually.js';
import { MusterProcess } from '../support/muster-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const WAIT = { prefer: 'wait=90' };
const VALUE = 'open-sesame-open-sesame';

interface Shown {
  readonly state: string;
  readonly error: unknown;
  readonly failures: number;
  readonly replicas: readonly { readonly state: string; readonly pid: number | null }[];
  readonly transitions: readonly { readonly to: string; readonly reason: string }[];
}

/** What a reboot leaves: Muster and all containers are ended in no order, and nobody was there to see it. */
describeEngine('a host that reboots', () => {
  let database: TestDatabase;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let muster: MusterProcess;
  let project: string;
  /** Two that run, of two copies the second, and one that was stopped. */
  let agents: readonly [string, string, string];

  const start = async (): Promise<MusterProcess> =>
    MusterProcess.start({
      mongoUri: database.uri,
      dataDir: folder.path,
      env: { RUNTIME: 'docker', DOCKER_HOST: ENGINE_HOST },
    });

  const pathOf = (id: string): string => `/projects/${project}/agents/${id}`;

  const act = async (id: string, body: object): Promise<void> => {
    const { status, body: answer } = await muster.call('POST', `${pathOf(id)}/actions`, body, WAIT);
    expect([status, answer.error]).toEqual([200, null]);
  };

  const lifecycleOf = async (id: string): Promise<Shown> =>
    (await muster.call('GET', `${pathOf(id)}/lifecycle`)).body as Shown;

  const containers = async (): Promise<{ Id: string; State: string }[]> => {
    const installation = await database.db.collection('installations').findOne({});
    const filters = { label: [`io.muster.installation=${installation!['installationId']}`] };
    return engine.listContainers({ all: true, filters });
  };

  const sockets = async (): Promise<string[]> => {
    const paths = (await readdir(join(folder.path, 'run'))).map((name) => join(folder.path, 'run', name, 'agent.sock'));
    const found = await Promise.all(paths.map(async (path) => lstat(path).catch(() => null)));
    return paths.filter((_path, index) => found[index]?.isSocket() === true);
  };

  beforeAll(async () => {
    [database, folder] = await Promise.all([testDatabase(), temporaryFolder()]);
    muster = await start();
    const template = await muster.call('POST', '/templates', { name: 'reboots', role: 'developer' });
    const assignment = { role: 'developer', templateId: template.body.id };
    const { body } = await muster.call('POST', '/projects', {
      name: 'reboots',
      roleAssignments: [assignment, assignment, assignment],
    });
    project = body.id;
    const seats = body.roleAssignments as { instanceId: string }[];
    agents = seats.map(({ instanceId }) => instanceId) as [string, string, string];
    for (const id of agents) await act(id, { action: 'start' });
    await act(agents[1], { action: 'scale', replicas: 2 });
    await act(agents[2], { action: 'stop' });
  }, 180_000);

  afterAll(async () => {
    const left = await containers();
    await muster.kill();
    for (const { Id } of left) await engine.getContainer(Id).remove({ force: true });
    await database.drop();
    await folder.remove();
  });

  it('what is wanted to run runs again, as no failure of its own, and nothing is doubled or left over', async () => {
    const before = await containers();
    const running = before.filter(({ State }) => State === 'running').map(({ Id }) => Id);
    expect([before.length, running.length]).toEqual([4, 3]);
    const earlier = await Promise.all(agents.map(lifecycleOf));

    await muster.kill();
    await Promise.all(running.map(async (id) => engine.getContainer(id).kill()));
    await eventually(async () => {
      expect((await containers()).filter(({ State }) => State === 'running')).toEqual([]);
    });
    // As a real reboot does, it leaves the sockets of agents that are gone.
    expect(await sockets()).toHaveLength(3);

    muster = await start();
    const pidsOf = ({ replicas }: Shown): (number | null)[] => replicas.map(({ pid }) => pid);
    await eventually(async () => {
      for (const [index, id] of agents.slice(0, 2).entries()) {
        const seen = await lifecycleOf(id);
        expect([seen.state, ...seen.replicas.map(({ state }) => state)]).toEqual(
          Array.from({ length: index + 2 }, () => 'running'),
        );
        // Other processes than before: what is on record is not what was there.
        const old = pidsOf(earlier[index]!);
        expect(pidsOf(seen).filter((pid) => pid === null || old.includes(pid))).toEqual([]);
      }
    }, 90_000);

    const later = await Promise.all(agents.map(lifecycleOf));
    expect(later.map(({ state }) => state)).toEqual(['running', 'running', 'stopped']);
    for (const [index, { error, failures, transitions }] of later.entries()) {
      expect([error, failures]).toEqual([null, 0]);
      const made = transitions.slice(earlier[index]!.transitions.length);
      expect(made.map(({ to }) => to)).not.toContain('failed');
      if (index < 2) expect(made[0]).toMatchObject({ to: 'stopping', reason: 'engine-outage' });
      else expect(made).toEqual([]);
    }
    // The same containers, for nothing about them is outdated; and each agent answers by a new socket.
    const after = await containers();
    expect(after.map(({ Id }) => Id).sort()).toEqual(before.map(({ Id }) => Id).sort());
    expect(
      after
        .filter(({ State }) => State === 'running')
        .map(({ Id }) => Id)
        .sort(),
    ).toEqual([...running].sort());
    const asked = { type: 'exec', command: ['echo', 'back'] };
    const { body: run } = await muster.call('POST', `${pathOf(agents[0])}/runs`, asked, WAIT);
    expect(run).toMatchObject({ status: 'passed', exitCode: 0, stdout: 'back\n' });

    await muster.call('DELETE', `/projects/${project}`);
    await eventually(async () => {
      expect(await containers()).toEqual([]);
      expect(await readdir(join(folder.path, 'run'))).toEqual([]);
    }, 60_000);
  }, 240_000);

  it('an agent of any image has its companion, its network, its workspace and its secret again', async () => {
    await muster.call('PUT', '/secrets/token', { value: VALUE });
    const command = [
      '/bin/sh',
      '-c',
      'cat "$TOKEN_FILE" >> /workspace/seen || exit 9; exec nc -ll -p 7000 -e echo served',
    ];
    const template = await muster.call('POST', '/templates', {
      name: 'keeper',
      role: 'developer',
      manifest: {
        image: SMALL_IMAGE,
        command,
        env: [{ name: 'TOKEN', secret: 'token' }],
        health: { kind: 'tcp', port: 7000, intervalSeconds: 1, timeoutSeconds: 1 },
      },
    });
    const assignment = { role: 'developer', templateId: template.body.id };
    const { body } = await muster.call('POST', '/projects', { name: 'keeps', roleAssignments: [assignment] });
    project = body.id;
    const id = body.roleAssignments[0].instanceId as string;
    await act(id, { action: 'start' });
    const before = await containers();
    expect(before.map(({ State }) => State)).toEqual(['running', 'running']);

    await muster.kill();
    await Promise.all(before.map(async ({ Id }) => engine.getContainer(Id).kill()));
    await eventually(async () => {
      expect((await containers()).filter(({ State }) => State === 'running')).toEqual([]);
    });

    muster = await start();
    await eventually(async () => {
      const { state, error, failures } = await lifecycleOf(id);
      expect([state, error, failures]).toEqual(['running', null, 0]);
      expect((await containers()).map(({ State }) => State)).toEqual(['running', 'running']);
    }, 90_000);
    const asked = { type: 'exec', command: ['/bin/sh', '-c', 'cat /workspace/seen; nc 127.0.0.1 7000 < /dev/null'] };
    const { body: run } = await muster.call('POST', `${pathOf(id)}/runs`, asked, WAIT);
    expect(run).toMatchObject({ status: 'passed', stdout: `${VALUE}${VALUE}served\n` });

    await muster.call('DELETE', `/projects/${project}`);
    await eventually(async () => {
      expect(await containers()).toEqual([]);
      expect(await readdir(join(folder.path, 'run'))).toEqual([]);
    }, 60_000);
  }, 240_000);
});
