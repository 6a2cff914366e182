import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { connect } from 'node:net';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { describeEngine, engine, ENGINE_HOST, SMALL_IMAGE } from '../support/engine.js';
import { eventually } from '../support/eventually.js';
import { MusterProcess } from '../support/muster-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** Says what it is sent, once it has all of it. */
const ECHO = ['/bin/sh', '-c', 'exec nc -ll -p 7000 -e /bin/sh -c "f=\\$(mktemp); cat > \\$f; cat \\$f"'];

interface Port {
  readonly hostPort: number;
  readonly listening: boolean;
}

/** Two Musters on one database; the one that listens for an agent is killed, and so are the connections it carries. */
describeEngine('the ports of an agent, when the Muster that listens is killed', () => {
  let database: TestDatabase;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let musters: MusterProcess[] = [];
  let path: string;

  const start = (): Promise<MusterProcess> =>
    MusterProcess.start({
      mongoUri: database.uri,
      dataDir: folder.path,
      env: { RUNTIME: 'docker', DOCKER_HOST: ENGINE_HOST },
    });

  beforeAll(async () => {
    [database, folder] = await Promise.all([testDatabase(), temporaryFolder()]);
    musters = [await start()];
    const { body: template } = await musters[0]!.call('POST', '/templates', {
      name: 'echo',
      role: 'developer',
      manifest: { image: SMALL_IMAGE, command: ECHO, ports: [{ containerPort: 7000 }] },
    });
    const { body: project } = await musters[0]!.call('POST', '/projects', {
      name: 'echo',
      roleAssignments: [{ role: 'developer', templateId: template.id }],
    });
    path = `/projects/${project.id}/agents/${project.roleAssignments[0].instanceId}`;
    const started = await musters[0]!.call('POST', `${path}/actions`, { action: 'start' }, { prefer: 'wait=60' });
    expect([started.status, started.body.state]).toEqual([200, 'running']);
  });

  afterAll(async () => {
    const { installationId } = (await database.db.collection('installations').findOne({}))!;
    await Promise.all(musters.map((muster) => muster.kill()));
    const filters = { label: [`io.muster.installation=${installationId}`] };
    for (const { Id } of await engine.listContainers({ all: true, filters })) {
      await engine.getContainer(Id).remove({ force: true });
    }
    await database.drop();
    await folder.remove();
  });

  const portOf = async (muster: MusterProcess): Promise<Port> =>
    (await muster.call('GET', `${path}/lifecycle`)).body.ports[0] as Port;

  /** What comes back; it throws what breaks the connection. */
  const exchange = async (port: number, sent: string): Promise<string> => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const pieces: Buffer[] = [];
    socket.on('data', (piece: Buffer) => pieces.push(piece));
    socket.end(sent);
    await once(socket, 'end');
    return Buffer.concat(pieces).toString();
  };

  it('are listened on by the other, at the same address, again and again; and the agent has run on', async () => {
    const { hostPort } = await eventually(async () => {
      const port = await portOf(musters[0]!);
      expect(port.listening).toBe(true);
      return port;
    });
    const { containerId, pid } = (await musters[0]!.call('GET', `${path}/lifecycle`)).body;
    for (const round of [1, 2]) {
      musters.push(await start());
      const [listening, other] = musters as [MusterProcess, MusterProcess];
      expect(await exchange(hostPort, `round ${round}`)).toBe(`round ${round}`);
      const open = connect({ port: hostPort, host: '127.0.0.1' });
      await once(open, 'connect');
      const broken = new Promise((resolve) => open.once('close', resolve));
      open.on('error', () => undefined);
      await listening.kill();
      await broken;
      musters.shift();
      // Nobody listens until the dead one's lease is over.
      await eventually(async () => {
        expect(await exchange(hostPort, 'still there')).toBe('still there');
      }, 40_000);
      expect(await portOf(other)).toMatchObject({ hostPort, listening: true, error: null });
    }
    expect((await musters[0]!.call('GET', `${path}/lifecycle`)).body).toMatchObject({
      state: 'running',
      containerId,
      pid,
      failures: 0,
    });
  }, 180_000);
});
