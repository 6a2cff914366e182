import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MongoClient } from 'mongodb';
import { DataDirInUseError, ServerStartError, create } from '../src/index.js';
import { descendantsOf, killAll, processesUsing, untilGone } from './support/processes.js';

describe('the life of a server', () => {
  let dataDir: string;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'documentdb-server-'));
  });
  afterEach(async () => {
    await untilGone(async () => processesUsing(dataDir));
    await rm(dataDir, { recursive: true, force: true });
  });

  const withClient = async <T>(uri: string, work: (client: MongoClient) => Promise<T>): Promise<T> => {
    const client = new MongoClient(uri);
    try {
      return await work(client);
    } finally {
      await client.close();
    }
  };
  const add = async (uri: string, n: number): Promise<void> => {
    await withClient(uri, async (client) =>
      client
        .db('life')
        .collection<{ n: number }>('numbers')
        .insertOne({ n }, { writeConcern: { w: 'majority', journal: true } }),
    );
  };
  const all = async (uri: string): Promise<number[]> =>
    withClient(uri, async (client) =>
      (await client.db('life').collection<{ n: number }>('numbers').find().sort({ n: 1 }).toArray()).map(({ n }) => n),
    );

  it('keeps its data over a stop, and leaves no process', async () => {
    const first = await create({ dataDir });
    await add(first.uri, 1);
    await first.stop();
    await first.ended;
    expect(await processesUsing(dataDir)).toEqual([]);
    const second = await create({ dataDir });
    expect(await all(second.uri)).toEqual([1]);
    await second.stop();
  });

  it("passes nothing on of the environment that is its caller's own business", async () => {
    const before = new Set(await descendantsOf(process.pid));
    process.env['ADMIN_KEY_OF_THE_CALLER'] = 'secret-of-the-caller';
    const server = await create({ dataDir }).finally(() => delete process.env['ADMIN_KEY_OF_THE_CALLER']);
    const own = (await descendantsOf(process.pid)).filter((pid) => !before.has(pid));
    expect(own.length).toBeGreaterThan(2);
    for (const pid of own) {
      expect(await readFile(`/proc/${String(pid)}/environ`, 'utf8').catch(() => '')).not.toContain(
        'secret-of-the-caller',
      );
    }
    await server.stop();
  });

  it('keeps what it acknowledged when every one of its processes is killed', async () => {
    const before = new Set(await descendantsOf(process.pid));
    const first = await create({ dataDir });
    for (const n of [1, 2, 3]) await add(first.uri, n);
    await killAll(async () => (await descendantsOf(process.pid)).filter((pid) => !before.has(pid)));
    await first.ended;
    const second = await create({ dataDir });
    expect(await all(second.uri)).toEqual([1, 2, 3]);
    await second.stop();
  });

  it('starts over an orphaned PostgreSQL whose gateway was killed', async () => {
    const before = new Set(await descendantsOf(process.pid));
    const first = await create({ dataDir, durable: false });
    await add(first.uri, 1);
    const [gateway] = (await descendantsOf(process.pid)).filter((pid) => !before.has(pid));
    process.kill(gateway!, 'SIGKILL');
    await first.ended;
    const second = await create({ dataDir, durable: false });
    expect(await all(second.uri)).toEqual([1]);
    await second.stop();
  });

  it('ends when the process that made it is killed', async () => {
    const program = `
      import { create } from ${JSON.stringify(new URL('../dist/index.js', import.meta.url).href)};
      const server = await create({ dataDir: ${JSON.stringify(dataDir)}, durable: false });
      process.stdout.write(server.uri);
      setInterval(() => undefined, 1000);
    `;
    const parent = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {},
    });
    const uri = await new Promise<string>((resolve) =>
      parent.stdout.once('data', (chunk: Buffer) => {
        resolve(chunk.toString());
      }),
    );
    await add(uri, 1);
    parent.kill('SIGKILL');
    await untilGone(async () => processesUsing(dataDir));
    const next = await create({ dataDir, durable: false });
    expect(await all(next.uri)).toEqual([1]);
    await next.stop();
  });

  it('refuses a data folder that another server uses, and leaves that one alone', async () => {
    const first = await create({ dataDir, durable: false });
    const error: unknown = await create({ dataDir, durable: false }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DataDirInUseError);
    expect(error).toMatchObject({ code: 'DATA_DIR_IN_USE', dataDir });
    await add(first.uri, 1);
    expect(await all(first.uri)).toEqual([1]);
    await first.stop();
  });

  it('lets one of many that start at once have the folder', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 4 }, async () => create({ dataDir, durable: false })),
    );
    const started = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    expect(started).toHaveLength(1);
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(DataDirInUseError);
    await add(started[0]!.uri, 1);
    await started[0]!.stop();
  });

  it('listens on the port it is given, and says so when it cannot', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    await expect(create({ dataDir, port, durable: false })).rejects.toThrow(ServerStartError);
    await new Promise((resolve) => taken.close(resolve));
    const server = await create({ dataDir, port, durable: false });
    expect(server.port).toBe(port);
    await server.stop();
  });

  it('opens no port besides its own', async () => {
    const before = new Set(await descendantsOf(process.pid));
    const server = await create({ dataDir, durable: false });
    const listening = (await readFile('/proc/net/tcp', 'utf8')).split('\n').filter((line) => line.includes(' 0A '));
    const addresses = listening
      .map((line) => line.trim().split(/\s+/)[1] ?? '')
      .filter((address) => address.endsWith(`:${server.port.toString(16).toUpperCase().padStart(4, '0')}`));
    expect(addresses).toEqual([expect.stringMatching(/^0100007F:/)]);
    const configuration = await readFile(join(dataDir, 'postgres/postgresql.conf'), 'utf8');
    expect(configuration).toContain("listen_addresses = ''");
    expect((await descendantsOf(process.pid)).filter((pid) => !before.has(pid)).length).toBeGreaterThan(1);
    await server.stop();
  });

  it('takes a data folder with a path longer than a socket may have', async () => {
    const deep = join(dataDir, 'long'.repeat(20), 'path'.repeat(20));
    const server = await create({ dataDir: deep, durable: false });
    await add(server.uri, 1);
    await server.stop();
    expect(await processesUsing(deep)).toEqual([]);
  });
});
