import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import mongoose, { type Connection } from 'mongoose';
import { failOnEndedConnections } from '../../src/data/database/ended-connections.js';
import { MongoFailureTranslator } from '../../src/data/database/mongo-failure-translator.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';

/** The driver looks at a server it was told to look at only when its last look is so long ago, in ms. */
const SHORTEST_BETWEEN_LOOKS_MS = 500;

const sockets: Socket[] = [];
const collect = (message: unknown): void => {
  sockets.push((message as { socket: Socket }).socket);
};

let database: TestDatabase;
let connection: Connection;

beforeEach(async () => {
  database = await testDatabase();
  subscribe('net.client.socket', collect);
  failOnEndedConnections();
  const options = { directConnection: true, connectTimeoutMS: 1_000, serverSelectionTimeoutMS: 1_000 };
  connection = await mongoose.createConnection(database.uri, options).asPromise();
});

afterEach(async () => {
  unsubscribe('net.client.socket', collect);
  sockets.length = 0;
  await connection.close();
  await database.drop();
});

const ping = (): Promise<unknown> => connection.db!.command({ ping: 1 });

/** As when the database goes away: all connections have ended, or are just ending, and nobody has been told yet. */
function endAll(how: 'destroy' | 'end'): void {
  for (const socket of sockets) socket[how]();
}

/** The driver has no call for it; it does so itself when an operation fails. */
function lookAtTheServer(): void {
  interface Driver {
    topology: { s: { servers: Map<string, { requestCheck(): void }> } };
  }
  for (const server of (connection.getClient() as unknown as Driver).topology.s.servers.values()) server.requestCheck();
}

it.each(['destroy', 'end'] as const)(
  'takes a command written to a connection after its %s for a database that is unavailable',
  async (how) => {
    await ping();
    endAll(how);
    const error: unknown = await ping().catch((reason: unknown) => reason);
    expect(new MongoFailureTranslator().translate(error)).toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    await eventually(async () => {
      expect(await ping()).toMatchObject({ ok: 1 });
    });
  },
);

it('goes on looking at the server when the look itself was written to such a connection', async () => {
  await ping();
  await sleep(SHORTEST_BETWEEN_LOOKS_MS + 100);
  const failed = new Promise((resolve) => connection.getClient().once('serverHeartbeatFailed', resolve));
  endAll('destroy');
  lookAtTheServer();
  await failed;
  await eventually(async () => {
    expect(await ping()).toMatchObject({ ok: 1 });
  });
  expect(connection.readyState).toBe(mongoose.ConnectionStates.connected);
});
