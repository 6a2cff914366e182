import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ContainerInspectInfo } from 'dockerode';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { describeEngine, engine, ENGINE_HOST, ENGINE_SOCKET, SMALL_IMAGE } from '../support/engine.js';
import { eventually } from '../support/eventually.js';
import { runInside, startInside } from '../support/inside-container.js';
import { MusterProcess, type Answer } from '../support/muster-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';

interface Agent {
  readonly id: string;
  readonly path: string;
}

/** What somebody would send who wants out. */
const WISHES = {
  Privileged: true,
  privileged: true,
  CapAdd: ['ALL'],
  Devices: [{ PathOnHost: '/dev/sda', PathInContainer: '/dev/sda', CgroupPermissions: 'rwm' }],
  SecurityOpt: ['seccomp=unconfined', 'apparmor=unconfined'],
  NetworkMode: 'host',
  PidMode: 'host',
  IpcMode: 'host',
  UTSMode: 'host',
  UsernsMode: 'host',
  CgroupnsMode: 'host',
  CgroupParent: '/',
  Binds: ['/:/host', `${ENGINE_SOCKET}:/docker.sock`],
  Mounts: [{ Type: 'bind', Source: '/', Target: '/host' }],
  VolumesFrom: ['other'],
  Runtime: 'runc',
  Sysctls: { 'kernel.core_pattern': '|/x' },
  OomKillDisable: true,
  OomScoreAdj: -1000,
  RestartPolicy: { Name: 'always' },
  GroupAdd: ['0'],
  ReadonlyRootfs: false,
  MaskedPaths: [],
  HostConfig: { Privileged: true },
  User: '0',
  Labels: { 'io.muster.tenant': 'another' },
  labels: { 'io.muster.installation': 'another' },
} as const;

describeEngine('what a caller can make of a container, and a container of its host', () => {
  let database: TestDatabase;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let muster: MusterProcess;
  let agent: Agent;
  let made = 0;
  const images: string[] = [];

  beforeAll(async () => {
    [database, folder] = await Promise.all([testDatabase(), temporaryFolder()]);
    muster = await MusterProcess.start({
      mongoUri: database.uri,
      dataDir: join(folder.path, 'data'),
      env: { RUNTIME: 'docker', DOCKER_HOST: ENGINE_HOST },
    });
    agent = await agentOf({ resources: { pids: 64, memoryMiB: 192 } });
    expect((await act(agent, 'start')).status).toBe(200);
  });

  afterAll(async () => {
    for (const { id } of (await muster.call('GET', '/projects?limit=200')).body.items) {
      await muster.call('DELETE', `/projects/${id}`);
    }
    await eventually(async () => {
      expect(await database.db.collection('agent_instances').countDocuments({ removedAt: null })).toBe(0);
    });
    await muster.stop();
    for (const image of images) await engine.getImage(image).remove({ force: true });
    await database.drop();
    await folder.remove();
  });

  const template = async (manifest: object, more: object = {}): Promise<Answer> =>
    muster.call('POST', '/templates', { name: `isolated-${++made}`, role: 'developer', manifest, ...more });

  async function agentOf(manifest: object): Promise<Agent> {
    const { body } = await template(manifest, { config: { provider: 'echo', model: 'any' } });
    return seated(body.id as string);
  }

  async function seated(templateId: string): Promise<Agent> {
    const project = await muster.call('POST', '/projects', {
      name: `isolated-${made}`,
      roleAssignments: [{ role: 'developer', templateId }],
    });
    const id = project.body.roleAssignments[0].instanceId as string;
    return { id, path: `/projects/${project.body.id}/agents/${id}` };
  }

  const act = async ({ path }: Agent, action: string): Promise<Answer> =>
    muster.call('POST', `${path}/actions`, { action });
  const lifecycleOf = async ({ path }: Agent): Promise<any> => (await muster.call('GET', `${path}/lifecycle`)).body;
  const containerOf = async (of: Agent): Promise<string> => (await lifecycleOf(of)).containerId as string;
  const inspect = async (of: Agent): Promise<ContainerInspectInfo> =>
    engine.getContainer(await containerOf(of)).inspect();

  /** The small image with this as its program, and with these instructions; it says that agent-server is in it, so it gets no companion. */
  async function imageOf(...changes: string[]): Promise<string> {
    const name = `muster/test-isolation-${process.pid}:${images.length}`;
    const [repo, tag] = name.split(':') as [string, string];
    const container = await engine.createContainer({ Image: SMALL_IMAGE, Cmd: ['true'] });
    try {
      await container.commit({ repo, tag, changes: ['LABEL io.muster.agent-server=1', ...changes].join('\n') });
      images.push(name);
    } finally {
      await container.remove();
    }
    return name;
  }

  describe('a field that would weaken a container', () => {
    const fields = Object.keys(WISHES) as (keyof typeof WISHES)[];
    let imported: Agent;
    const pointersOf = ({ body }: Answer): string[] =>
      (body.errors as { pointer: string }[]).map(({ pointer }) => pointer);

    it('is kept as what nobody understands where a manifest.json has it, and is no part of the manifest', async () => {
      const file = { agentName: `isolated-${++made}`, runMode: 'isolated', ...WISHES };
      const query = `format=manifest-json&filename=${file.agentName}/manifest.json`;
      const { status, body } = await muster.call('POST', `/templates/import?${query}`, file);
      expect(status).toBe(201);
      expect(body.extensions.manifest_json).toMatchObject(WISHES);
      expect(JSON.stringify(body.manifest)).not.toMatch(new RegExp(`"(${fields.join('|')})"`));
      imported = await seated(body.id as string);
      expect((await act(imported, 'start')).status).toBe(200);
    });

    it('is refused by name, wherever it is put', async () => {
      const snapshot = `${agent.path}/snapshots/${'0'.repeat(24)}`;
      const project = agent.path.split('/agents/')[0]!;
      const seat = { role: 'developer', templateId: (await muster.call('GET', agent.path)).body.templateId };
      const places: [string, Promise<Answer>][] = [
        ['/manifest', template(WISHES)],
        ['/manifest/resources', template({ resources: WISHES })],
        ['', template({}, WISHES)],
        ['/config', template({}, { config: { provider: 'echo', model: 'any', ...WISHES } })],
        ['', muster.call('POST', '/projects', { name: 'weak', roleAssignments: [], ...WISHES })],
        ['', muster.call('POST', `${agent.path}/actions`, { action: 'restart', ...WISHES })],
        ['', muster.call('POST', `${agent.path}/runs`, { type: 'prompt', input: 'x', ...WISHES })],
        ['', muster.call('POST', `${agent.path}/runs`, { type: 'exec', command: ['true'], ...WISHES })],
        ['', muster.call('POST', `${agent.path}/terminals`, { cols: 80, rows: 24, ...WISHES })],
        ['', muster.call('POST', `${agent.path}/snapshots`, { target: 'archive', ...WISHES })],
        ['', muster.call('POST', `${snapshot}/restore`, WISHES)],
        ['', muster.call('POST', `${snapshot}/fork`, { displayName: 'Weak', ...WISHES })],
        ['', muster.call('POST', `${project}/role-assignments`, { ...seat, ...WISHES })],
        [
          '/roleAssignments/0',
          muster.call('POST', '/projects', { name: 'weak', roleAssignments: [{ ...seat, ...WISHES }] }),
        ],
        ['', muster.call('POST', '/agent/spawn', { agent_config: { name: 'weak', profile: 'personal' }, ...WISHES })],
        [
          '/agent_config',
          muster.call('POST', '/agent/spawn', { agent_config: { name: 'weak', profile: 'personal', ...WISHES } }),
        ],
        ['', muster.call('POST', '/agent/templates', { name: 'weak', role: 'developer', ...WISHES })],
        ['/manifest', muster.call('POST', '/agent/templates', { name: 'weak', role: 'developer', manifest: WISHES })],
        ['', muster.call('POST', `/agent/${agent.id}/action`, { action: 'restart', ...WISHES })],
        ['', muster.call('POST', `/agent/${agent.id}/sandbox/run`, { command: 'true', ...WISHES })],
        ['', muster.call('PATCH', agent.path, { soul: 'x', ...WISHES })],
      ];
      for (const [place, answering] of places) {
        const answer = await answering;
        expect(answer).toMatchObject({ status: 422, body: { code: 'VALIDATION_FAILED' } });
        const faulty = pointersOf(answer);
        expect([place, faulty]).toEqual([place, expect.arrayContaining(fields.map((field) => `${place}/${field}`))]);
      }
      // An agent's manifest is its template's: it may not be given at all.
      const whole = await muster.call('PATCH', agent.path, { manifest: WISHES });
      expect([whole.status, pointersOf(whole)]).toEqual([422, ['/manifest']]);
    });

    it.each([
      ['an agent', () => agent],
      ['one of that manifest.json', () => imported],
    ])('is in no container: that of %s', async (_whose, which) => {
      const { HostConfig: config, Config: own, Image } = await inspect(which());
      expect(config).toMatchObject({
        Privileged: false,
        CapAdd: null,
        CapDrop: ['ALL'],
        SecurityOpt: ['no-new-privileges:true'],
        NetworkMode: 'none',
        PidMode: '',
        IpcMode: 'private',
        UTSMode: '',
        UsernsMode: '',
        CgroupnsMode: 'private',
        CgroupParent: '',
        Binds: null,
        VolumesFrom: null,
        GroupAdd: null,
        OomKillDisable: false,
        OomScoreAdj: 0,
        ReadonlyRootfs: true,
        RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
        PublishAllPorts: false,
      });
      expect([...(config.Devices ?? []), ...(config.DeviceRequests ?? [])]).toEqual([]);
      expect(config.Sysctls ?? {}).toEqual({});
      expect(config.MaskedPaths).toContain('/proc/kcore');
      expect(own.Labels).toMatchObject({ 'io.muster.instance': which().id });
      expect(Object.values(own.Labels)).not.toContain('another');
      expect(own.User).toMatch(/^[1-9]\d*:[1-9]\d*$/);
      // By id: what a tag means later changes nothing.
      expect(own.Image).toMatch(/^sha256:[0-9a-f]{64}$/);
      expect(Image).toBe(own.Image);
    });
  });

  it('an image weakens nothing by what it declares, and is labelled as Muster labels', async () => {
    const image = await imageOf(
      'USER root',
      'VOLUME ["/data","/workspace","/var/lib/x"]',
      'HEALTHCHECK --interval=1ms CMD ["true"]',
      'LABEL io.muster.tenant=another io.muster.instance=another',
      'CMD ["sh","-c","exec sleep 1000"]',
    );
    const declared = await agentOf({ image, startTimeoutSeconds: 600, resources: { tmpfsMiB: 8 } });
    const starting = act(declared, 'start');
    const container = await eventually(async () => {
      const id = await containerOf(declared);
      expect((await engine.getContainer(id).inspect()).State.Running).toBe(true);
      return id;
    });
    const { Config: own, Mounts, State } = await engine.getContainer(container).inspect();
    expect(own).toMatchObject({ Healthcheck: { Test: ['NONE'] }, StopSignal: 'SIGTERM' });
    expect(State.Health).toBeUndefined();
    expect(own.User).toMatch(/^[1-9]/);
    expect(own.Labels['io.muster.instance']).toBe(declared.id);
    expect(Mounts.map(({ Type, Destination }) => `${Type} ${Destination}`).sort()).toEqual([
      'bind /run/muster',
      'bind /workspace',
    ]);
    const fill = 'dd if=/dev/zero of=/data/x bs=1M count=32 2>&1; grep " /data " /proc/mounts; echo x > /etc/x';
    const { code, said } = await runInside(container, ['sh', '-c', fill]);
    expect(said).toContain('No space left on device');
    expect(said).toMatch(/tmpfs \/data tmpfs rw,nosuid,nodev,noexec,.*size=8192k/);
    expect(code).not.toBe(0);
    expect((await act(declared, 'destroy')).status).toBe(200);
    await starting;
  });

  it('more memory than the limit ends the agent, and that is what is told', async () => {
    const image = await imageOf('CMD ["tail","/dev/zero"]');
    const hungry = await agentOf({ image, resources: { memoryMiB: 32 } });
    const answer = await act(hungry, 'start');
    expect(answer).toMatchObject({ status: 503, body: { code: 'CONTAINER_OUT_OF_MEMORY' } });
    expect(await lifecycleOf(hungry)).toMatchObject({
      state: 'failed',
      error: {
        code: 'CONTAINER_OUT_OF_MEMORY',
        message: expect.stringContaining('memory'),
        recovery: expect.stringContaining('memoryMiB'),
      },
    });
    expect((await act(hungry, 'destroy')).status).toBe(200);
  });

  it('more memory than the limit is told of a running agent too, which is started again', async () => {
    // The kernel takes the largest process, unless another says that it is to go first.
    const others = 'for of in /proc/[0-9]*; do [ $of = /proc/$$ ] || echo 1000 > $of/oom_score_adj; done 2>/dev/null';
    const overrun = `${others}; exec node -e "const a = []; for (;;) a.push(Buffer.alloc(1e6, 1))"`;
    await runInside(await containerOf(agent), ['sh', '-c', overrun]).catch(() => undefined); // its container ends
    await eventually(async () => {
      const { state, transitions } = await lifecycleOf(agent);
      expect((transitions as { reason: string }[]).map(({ reason }) => reason)).toContain('CONTAINER_OUT_OF_MEMORY');
      expect(state).toBe('running');
    });
  });

  it('a fork bomb ends at the limit, and Muster is well and ends it', async () => {
    const container = await containerOf(agent);
    const bomb = 'bomb() { bomb | bomb & }; bomb; sleep 1000';
    // bash tries again where it cannot fork; other shells end, and a bomb of theirs may burn out before anybody has looked.
    await startInside(container, ['bash', '-c', bomb]);
    await eventually(async () => {
      const { pids_stats: pids } = await engine.getContainer(container).stats({ stream: false, 'one-shot': true });
      expect(pids?.limit).toBe(64);
      // At the limit, which it cannot pass.
      expect(pids?.current).toBeGreaterThan(50);
      expect(pids?.current).toBeLessThanOrEqual(64);
    });
    expect((await fetch(`${muster.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${muster.url}/readyz`)).status).toBe(200);
    expect(await act(agent, 'stop')).toMatchObject({ status: 200, body: { state: 'stopped' } });
    expect(await inspect(agent)).toMatchObject({ State: { Running: false, Pid: 0 } });
  });
});
