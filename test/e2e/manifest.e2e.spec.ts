import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { agentOf, type TestAgent } from '../support/agent-team.js';
import { TestApp, type Answer } from '../support/app.js';
import { destroyAll } from '../support/destroy-all.js';
import { AGENT_IMAGE, ENGINE_HOST, SMALL_IMAGE, describeEngine, engine } from '../support/engine.js';
import { runInside } from '../support/inside-container.js';
import { Before } from '../support/nothing-left.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const SERVE = 'exec node /opt/muster/agent-server.mjs';

/** A program that says what it finds, and then is the agent. */
const saying = (script: string): string[] => ['/bin/sh', '-c', `${script}; ${SERVE}`];

describeEngine('what a manifest says is done', () => {
  let app: TestApp;
  let before: Before;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let roots: string;
  /** A command that the operator allows. */
  let hostHook: string;
  /** Two that write where the hooks of the container do. */
  let hooksInOrder: { hosthook_aftercreation: string; hosthook_postinstall: string };
  const image = `muster-test/pinned-${process.pid}`;

  beforeAll(async () => {
    before = await Before.on();
    folder = await temporaryFolder();
    roots = join(folder.path, 'roots');
    hostHook = `echo "$MUSTER_AGENT_NAME" > ${folder.path}/hooked`;
    await mkdir(join(roots, 'checkout', 'node_modules'), { recursive: true, mode: 0o755 });
    await mkdir(join(folder.path, 'secret'));
    await writeFile(join(roots, 'checkout', 'main.js'), 'the checkout');
    const order = join(roots, 'ordered', 'order');
    hooksInOrder = {
      hosthook_aftercreation: `echo "created $MUSTER_CONTAINER_NAME" > ${order} && chmod 666 ${order}`,
      hosthook_postinstall: `echo "installed $MUSTER_AGENT_NAME" >> ${order}`,
    };
    await mkdir(join(roots, 'ordered', 'node_modules'), { recursive: true, mode: 0o755 });
    await symlink(join(folder.path, 'secret'), join(roots, 'way-out'));
    await engine.getImage(AGENT_IMAGE).tag({ repo: image, tag: 'latest' });
    app = await TestApp.start({
      RUNTIME: 'docker',
      DOCKER_HOST: ENGINE_HOST,
      HOST_MOUNT_ROOTS: JSON.stringify([roots]),
      HOST_HOOKS: JSON.stringify([hostHook, ...Object.values(hooksInOrder)]),
    });
  });

  afterAll(async () => {
    await destroyAll(app);
    await before.expectNothingLeft(app);
    await app.stop();
    await engine.getImage(image).remove();
    await folder.remove();
  });

  const agentFrom = async (templateId: string): Promise<TestAgent> => {
    const seat = { role: 'developer', templateId };
    const { body } = await app.call('/projects', {
      method: 'POST',
      body: { name: `from-${templateId}`, roleAssignments: [seat] },
    });
    const id = (body.roleAssignments as { instanceId: string }[])[0]!.instanceId;
    return { projectId: body.id as string, id, path: `/projects/${body.id as string}/agents/${id}` };
  };

  const act = async (agent: TestAgent, action: string): Promise<Answer> =>
    app.call(`${agent.path}/actions`, { method: 'POST', body: { action }, headers: { prefer: 'wait=90' } });

  const logOf = async (agent: TestAgent): Promise<string> => {
    const { body } = await app.call(`${agent.path}/logs`);
    return (body.items as { text: string }[]).map(({ text }) => text).join('\n');
  };

  const containersOf = async (agent: TestAgent): Promise<{ Id: string }[]> =>
    engine.listContainers({ all: true, filters: { label: [`io.muster.instance=${agent.id}`] } });

  it('of its program: command, variables, places to write, the signal that ends it', async () => {
    const agent = await agentOf(app, {
      manifest: {
        type: 'service',
        command: saying(
          'env; echo cache >/cache/x && echo cached; df -m /cache; (echo x >/var/x) 2>/dev/null || echo closed',
        ),
        env: [{ name: 'GREETING', value: 'hello $HOME "there"' }],
        writablePaths: [{ path: '/cache', sizeMiB: 3 }],
        stopSignal: 'SIGINT',
      },
    });
    const started = await act(agent, 'start');
    expect([started.status, started.body.error]).toEqual([200, null]);
    const log = await logOf(agent);
    for (const line of [
      'GREETING=hello $HOME "there"',
      `MUSTER_AGENT_ID=${agent.id}`,
      `MUSTER_AGENT_NAME=${started.body.identifier}`,
      'MUSTER_AGENT_TYPE=service',
      `PLOINKY_AGENT_NAME=${started.body.identifier}`,
      'PLOINKY_PROFILE=prod',
      'WORKSPACE_PATH=/workspace',
      'cached',
      'closed',
    ]) {
      expect(log.split('\n')).toContain(line);
    }
    expect(log).toMatch(/tmpfs +3 /);
    const { Config } = await engine.getContainer(started.body.containerId as string).inspect();
    expect((Config as { StopSignal?: string }).StopSignal).toBe('SIGINT');
    expect((await act(agent, 'stop')).body.state).toBe('stopped');
  });

  it('of a plain service: it is told who it is, where it comes from and at which port it listens', async () => {
    const file = {
      name: `plain-${process.pid}`,
      repoName: 'basic',
      image: SMALL_IMAGE,
      args: ['httpd', '-f', '-p', '127.0.0.1:8080'],
      ports: [{ containerPort: 8080 }],
      health: { kind: 'tcp', port: 8080 },
      env: [{ name: 'ROUTER_HOST', value: 'of.my.own' }],
    };
    const imported = await app.call('/templates/import?format=manifest-json', { method: 'POST', body: file });
    expect([imported.status, imported.body.manifest?.repoName]).toEqual([201, 'basic']);
    const { image, ports } = file;
    const [told, plain] = [
      await agentFrom(imported.body.id as string),
      await agentOf(app, { manifest: { image, ports, health: { kind: 'agent' } } }),
    ];
    for (const [agent, repository] of [
      [told, 'basic'],
      [plain, expect.stringMatching(/^agent-/)],
    ] as const) {
      const started = await act(agent, 'start');
      expect([started.status, started.body.error]).toEqual([200, null]);
      const { said } = await runInside(started.body.containerId as string, ['env']);
      expect(Object.fromEntries(said.split('\n').map((line) => line.split('=')))).toMatchObject({
        MUSTER_AGENT_ID: agent.id,
        PLOINKY_AGENT_NAME: started.body.identifier,
        PLOINKY_REPO_NAME: repository,
        WORKSPACE_PATH: '/workspace',
        AGENT_PORT: '8080',
        ...(agent === told ? { ROUTER_HOST: 'of.my.own' } : {}),
      });
    }
  });

  it('of its hooks: in their order, into folders that are read-only afterwards', async () => {
    const agent = await agentOf(app, {
      manifest: {
        runMode: 'isolated',
        hooks: {
          preinstall: 'echo first > order',
          install: 'echo second >> order && echo made > node_modules/made',
          postinstall: 'echo third >> order',
          hosthook_aftercreation: hostHook,
        },
        command: saying(
          'cat /code/order /code/node_modules/made; for f in /code /code/node_modules /code/.AchillesSkills; do (echo x >$f/x) 2>/dev/null && echo "open $f"; done; echo said',
        ),
      },
    });
    const started = await act(agent, 'start');
    expect([started.status, started.body.error]).toEqual([200, null]);
    const log = await logOf(agent);
    expect(log).toContain('first\nsecond\nthird\nmade\nsaid');
    expect(log).not.toContain('open');
    expect(await containersOf(agent)).toHaveLength(1);
    expect(await readFile(join(folder.path, 'hooked'), 'utf8')).toBe(`${started.body.identifier as string}\n`);
    // A hook is for a new container, not for each start.
    expect((await act(agent, 'restart')).body.state).toBe('running');
    expect((await logOf(agent)).match(/third/g)).toHaveLength(2);
    expect((await act(agent, 'destroy')).status).toBe(200);
    expect(await readdir(join(app.dataDir, 'artifacts', agent.projectId, 'code'))).toEqual([]);
  });

  it('of its hooks on the host and in the container: in the order that they have together', async () => {
    const agent = await agentOf(app, {
      manifest: {
        runMode: 'devel',
        profile: 'dev',
        hostPath: join(roots, 'ordered'),
        // In an order of its own.
        hooks: {
          postinstall: 'echo three >> order',
          hosthook_postinstall: hooksInOrder.hosthook_postinstall,
          install: 'echo two >> order',
          preinstall: 'echo one >> order',
          hosthook_aftercreation: hooksInOrder.hosthook_aftercreation,
        },
        command: saying('echo started >> /code/order'),
      },
    });
    const { status, body } = await act(agent, 'start');
    expect([status, body.error]).toEqual([200, null]);
    expect((await readFile(join(roots, 'ordered', 'order'), 'utf8')).trim().split('\n')).toEqual([
      `created ${body.containerName as string}`,
      'one',
      'two',
      'three',
      `installed ${body.identifier as string}`,
      'started',
    ]);
  });

  it.each([
    ['fails', 'echo oops >&2; exit 7', ['install', 'exit code 7', 'oops']],
    ['hangs', 'echo waiting; sleep 600', ['install', 'did not end within 2 s']],
  ])('not with a hook that %s: which one is told, and no container is left', async (_how, install, words) => {
    const agent = await agentOf(app, { manifest: { hooks: { install, timeoutSeconds: 2 } } });
    const answer = await act(agent, 'start');
    expect([answer.status, answer.body.code]).toEqual([503, 'DEPENDENCY_INSTALL_FAILED']);
    for (const word of words) expect(answer.body.detail).toContain(word);
    expect((await act(agent, 'stop')).body.state).toBe('stopped');
    expect(await containersOf(agent)).toEqual([]);
  });

  it('of a checkout on the host: read-only but in profile dev, and never what it has installed', async () => {
    const look =
      'cat /code/main.js; (echo x >/code/node_modules/x) 2>/dev/null && echo open; grep " /code" /proc/mounts';
    const manifest = { runMode: 'devel', hostPath: join(roots, 'checkout'), command: saying(look) };
    const [prod, dev] = [
      await agentOf(app, { manifest }),
      await agentOf(app, { manifest: { ...manifest, profile: 'dev' } }),
    ];
    for (const agent of [prod, dev]) expect((await act(agent, 'start')).body.error).toBeNull();
    const [closed, open] = [await logOf(prod), await logOf(dev)];
    for (const log of [closed, open]) {
      expect(log).toContain('the checkout');
      expect(log).toMatch(/ \/code\/node_modules \S+ ro,/);
    }
    expect(closed).toMatch(/ \/code \S+ ro,/);
    expect(open).toMatch(/ \/code \S+ rw,/);
  });

  it.each([
    ['a folder that is not allowed', () => join(folder.path, 'secret')],
    ['a link that leads out', () => join(roots, 'way-out')],
    ['what is not there', () => join(roots, 'nothing')],
    ['a file', () => join(roots, 'checkout', 'main.js')],
  ])('not of %s', async (_what, source) => {
    const agent = await agentOf(app, { manifest: { mounts: [{ source: source(), target: '/data' }] } });
    expect(await act(agent, 'start')).toMatchObject({ status: 422, body: { code: 'HOST_ACCESS_REFUSED' } });
    expect(await containersOf(agent)).toEqual([]);
  });

  it('not on the host, unless the operator allowed that very command', async () => {
    const hooks = { hosthook_postinstall: `${hostHook} ` };
    const agent = await agentOf(app, { manifest: { hooks } });
    expect(await act(agent, 'start')).toMatchObject({ status: 422, body: { code: 'HOST_ACCESS_REFUSED' } });
  });

  it('not without the values it requires', async () => {
    const agent = await agentOf(app, { manifest: { env: [{ name: 'TOKEN', secret: 'team/token' }] } });
    const answer = await act(agent, 'start');
    expect(answer).toMatchObject({ status: 422, body: { code: 'VARIABLE_MISSING' } });
    expect(answer.body.detail).toContain('TOKEN (secret team/token)');
  });

  it('with the image that its name meant at first, whatever it means now', async () => {
    const agent = await agentOf(app, { manifest: { image } });
    const first = await act(agent, 'start');
    const { Id } = await engine.getImage(AGENT_IMAGE).inspect();
    expect(first.body.image).toEqual({ reference: image, id: Id, digest: null, at: expect.any(String) });
    await act(agent, 'stop');
    await engine.getImage(SMALL_IMAGE).tag({ repo: image, tag: 'latest' });
    await engine.getContainer(first.body.containerId as string).remove();
    const again = await act(agent, 'start');
    expect([again.status, again.body.image]).toEqual([200, first.body.image]);
    expect((await engine.getContainer(again.body.containerId as string).inspect()).Image).toBe(Id);
  });
});
