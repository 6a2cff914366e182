import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * One database server for all suites of a run; each suite has a database of its own on it (see database.ts). Set
 * MUSTER_TEST_MONGODB_URI to run against another server, such as a real MongoDB.
 */
export default async function setUp() {
  if (process.env.MUSTER_TEST_MONGODB_URI) return;
  const { create } = await import('@muster/documentdb-server');
  const dataDir = await mkdtemp(join(tmpdir(), 'muster-test-db-'));
  const server = await create({ dataDir, durable: false });
  process.env.MUSTER_TEST_MONGODB_URI = server.uri;
  globalThis.musterTestDatabase = { server, dataDir };
}
