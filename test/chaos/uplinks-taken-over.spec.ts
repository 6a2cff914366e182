import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { AGENT_IMAGE, describeEngine, engine, ENGINE_HOST } from '../support/engine.js';
import { eventually } from '../support/eventually.js';
import { saidInside, startInside } from '../support/inside-container.js';
import { MusterProcess } from '../support/muster-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { TestNameServer } from '../support/test-name-server.js';

const HOST = 'allowed.test';
const PEER_PORT = 8080;
/** Says what it is told. */
const ECHO = `require('net').createServer({ allowHalfOpen: true }, (s) => s.on('error', () => {}).pipe(s)).listen(${PEER_PORT}, '127.0.0.1')`;

/**
 * Two agents of one project: one asks a host outside and the other for what Muster carries. The Muster that carries it is killed; another takes
 * over, or the same one comes back. What was open is broken off, and says so; what is asked for next is carried.
 */
describeEngine('the uplinks of agents, when the Muster that holds them is killed', () => {
  let database: TestDatabase;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let names: TestNameServer;
  let outside: Server;
  /** Connections of agents to the host outside, in order. */
  const reached: Socket[] = [];
  let musters: MusterProcess[] = [];
  let paths: string[];
  let caller: string;
  let peer: string;

  const start = (): Promise<MusterProcess> =>
    MusterProcess.start({
      mongoUri: database.uri,
      dataDir: folder.path,
      env: {
        RUNTIME: 'docker',
        DOCKER_HOST: ENGINE_HOST,
        AGENT_IMAGE,
        EGRESS_ALLOW: '["*"]',
        EGRESS_PRIVATE_NETWORKS: '["127.0.0.1/32"]',
        EGRESS_NAME_SERVERS: JSON.stringify([names.address]),
      },
    });

  beforeAll(async () => {
    [database, folder, names] = await Promise.all([
      testDatabase(),
      temporaryFolder(),
      TestNameServer.start({ [HOST]: ['127.0.0.1'] }),
    ]);
    outside = createServer({ allowHalfOpen: true }, (socket) => {
      reached.push(socket.on('error', () => undefined));
      socket.pipe(socket);
    });
    await once(outside.listen(0, '127.0.0.1'), 'listening');
    musters = [await start()];
    const [muster] = musters as [MusterProcess];
    const command = ['/bin/sh', '-c', `node -e "${ECHO}" & exec node /opt/muster/agent-server.mjs`];
    const { body: template } = await muster.call('POST', '/templates', {
      name: 'caller',
      role: 'developer',
      manifest: { network: { mode: 'project', expose: [PEER_PORT], allow: [`${HOST}:${port()}`] }, command },
    });
    const seat = { role: 'developer', templateId: template.id };
    const { body: project } = await muster.call('POST', '/projects', {
      name: 'callers',
      roleAssignments: [seat, seat],
    });
    paths = (project.roleAssignments as { instanceId: string }[]).map(
      ({ instanceId }) => `/projects/${project.id}/agents/${instanceId}`,
    );
    for (const path of paths) {
      const started = await muster.call('POST', `${path}/actions`, { action: 'start' }, { prefer: 'wait=60' });
      expect([started.status, started.body.state]).toEqual([200, 'running']);
    }
    const [first, second] = await Promise.all(paths.map(async (path) => (await muster.call('GET', path)).body));
    caller = first.lifecycle.containerId as string;
    peer = second.identifier as string;
  });

  afterAll(async () => {
    const { installationId } = (await database.db.collection('installations').findOne({}))!;
    await Promise.all(musters.map((muster) => muster.kill()));
    const filters = { label: [`io.muster.installation=${installationId}`] };
    for (const { Id } of await engine.listContainers({ all: true, filters })) {
      await engine.getContainer(Id).remove({ force: true });
    }
    for (const socket of reached) socket.destroy();
    outside.close();
    names.stop();
    await database.drop();
    await folder.remove();
  });

  const port = (): number => (outside.address() as AddressInfo).port;

  /** What comes back, once both have said all; or how it broke. */
  const exchange = (host: string, at: number, said: string): Promise<string> =>
    saidInside(
      caller,
      `const s = require('net').connect(${at}, '${host}', () => s.end('${said}'));
       let heard = '';
       s.on('data', (piece) => (heard += piece)).on('error', (e) => console.log(e.code)).on('end', () => console.log(heard))`,
    );

  /** Begins a conversation that goes on, of which is noted what is heard, and how it ends. */
  async function open(host: string, at: number, note: string): Promise<void> {
    await startInside(caller, [
      'node',
      '-e',
      `const note = (what) => require('fs').appendFileSync('/workspace/${note}', what + ' ');
       const s = require('net').connect(${at}, '${host}', () => s.write('hello'));
       s.on('data', (piece) => note(piece)).on('error', (e) => note(e.code)).on('end', () => note('end')).on('close', () => note('closed'))`,
    ]);
    await eventually(async () => {
      expect(await noted(note)).toEqual(['hello']);
    });
  }
  const noted = async (note: string): Promise<string[]> =>
    (await saidInside(caller, `console.log(require('fs').readFileSync('/workspace/${note}', 'utf8'))`)).split(' ');

  /** Both conversations are open; the Muster that carries them is killed. */
  async function kill(muster: MusterProcess, round: string): Promise<void> {
    await open(HOST, port(), `outside-${round}`);
    await open(peer, PEER_PORT, `peer-${round}`);
    const carried = reached.at(-1)!;
    const broken = new Promise((resolve) => carried.once('end', resolve).once('close', resolve));
    await muster.kill();
    await broken;
    // Never as if the other side had said all that it has to say.
    for (const note of [`outside-${round}`, `peer-${round}`]) {
      await eventually(async () => {
        expect(await noted(note)).toEqual(['hello', 'ECONNRESET', 'closed']);
      });
    }
  }

  const expectCarried = async (said: string): Promise<void> => {
    expect(await exchange(HOST, port(), said)).toBe(said);
    expect(await exchange(peer, PEER_PORT, said)).toBe(said);
  };

  it('are taken over by another: what is open is reset, and what is asked for meanwhile waits for it', async () => {
    musters.push(await start());
    const [holding] = musters as [MusterProcess];
    await expectCarried('at first');
    await kill(holding, 'over');
    musters.shift();
    await expectCarried('taken over');
  }, 120_000);

  it('are held again by one that comes back', async () => {
    const [holding] = musters as [MusterProcess];
    await kill(holding, 'back');
    musters = [await start()];
    await eventually(async () => {
      await expectCarried('back');
    }, 40_000);
    // And the agents have not noticed anything else.
    for (const path of paths) {
      expect((await musters[0]!.call('GET', `${path}/lifecycle`)).body).toMatchObject({
        state: 'running',
        failures: 0,
      });
    }
    expect((await musters[0]!.call('GET', paths[0]!)).body.lifecycle.containerId).toBe(caller);
  }, 120_000);
});
