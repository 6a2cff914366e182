import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { MongoClient } from 'mongodb';
import { untilGone } from './support/processes.js';
import { RunningServer } from './support/running-server.js';

interface Load {
  readonly connections: number;
  readonly cursors: number;
  readonly transactions: number;
  readonly postgres: number;
}

describe('clients that are killed', () => {
  let running: RunningServer;
  let client: MongoClient;

  beforeAll(async () => {
    running = await RunningServer.start();
    client = await running.connect({ maxPoolSize: 1 });
    await client
      .db('killed')
      .collection('docs')
      .insertMany(Array.from({ length: 1000 }, (_, n) => ({ n, text: 'x'.repeat(100) })));
  });
  afterAll(async () => running.dispose());

  const load = async (): Promise<Load> => {
    const status = (await client.db().admin().serverStatus()) as {
      connections: { current: number };
      metrics: { cursor: { open: { total: number } } };
      transactions: { currentOpen: number };
      postgres: { connections: { open: number; idle: number } };
    };
    return {
      connections: status.connections.current,
      cursors: status.metrics.cursor.open.total,
      transactions: status.transactions.currentOpen,
      postgres: status.postgres.connections.open - status.postgres.connections.idle,
    };
  };

  /** A client in a process of its own, which says when it holds what it holds, and is then killed. */
  const holdAndKill = async (holding: string, whileHeld: () => Promise<void>): Promise<void> => {
    const program = `
      import { MongoClient } from ${JSON.stringify(import.meta.resolve('mongodb'))};
      const client = await new MongoClient(${JSON.stringify(running.server.uri)}).connect();
      const docs = client.db('killed').collection('docs');
      ${holding}
      process.stdout.write('held');
      setInterval(() => undefined, 1000);
    `;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {},
    });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    await whileHeld();
    child.kill('SIGKILL');
  };

  const settled = async (idle: Load): Promise<void> => {
    await untilGone(async () => {
      const now = await load();
      return (Object.keys(idle) as (keyof Load)[]).filter((name) => now[name] > idle[name]);
    });
  };

  it('leave no cursor and no connection', async () => {
    const idle = await load();
    await holdAndKill(
      'const cursor = docs.find({}).sort({ text: 1, n: 1 }).batchSize(10); await cursor.next();',
      async () => {
        expect((await load()).cursors).toBe(1);
      },
    );
    await settled(idle);
  });

  it('leave no transaction, and no lock', async () => {
    const idle = await load();
    await holdAndKill(
      'const session = client.startSession(); session.startTransaction(); await docs.updateOne({ n: 1 }, { $set: { held: true } }, { session });',
      async () => {
        expect((await load()).transactions).toBe(1);
      },
    );
    const result = await client
      .db('killed')
      .collection('docs')
      .updateOne({ n: 1 }, { $set: { free: true } });
    expect(result.modifiedCount).toBe(1);
    expect(await client.db('killed').collection('docs').countDocuments({ held: true })).toBe(0);
    await settled(idle);
  });

  it('ends sessions that are closed in order', async () => {
    const idle = await load();
    const session = client.startSession();
    session.startTransaction();
    await client
      .db('killed')
      .collection('docs')
      .updateOne({ n: 2 }, { $set: { held: true } }, { session });
    await session.endSession();
    await settled(idle);
    expect(await client.db('killed').collection('docs').countDocuments({ held: true })).toBe(0);
  });

  it('survives a client that speaks something else', async () => {
    const { connect } = await import('node:net');
    const idle = await load();
    for (const bytes of [Buffer.from('GET / HTTP/1.1\r\n\r\n'), Buffer.alloc(64, 0xff), Buffer.alloc(16)]) {
      await new Promise((resolve) => {
        const socket = connect(running.server.port, '127.0.0.1', () => socket.write(bytes));
        socket.on('error', () => undefined);
        socket.on('close', resolve);
      });
    }
    await settled(idle);
  });
});
