import { randomBytes } from 'node:crypto';
import { MongoClient, type Db } from 'mongodb';

/** A database of its own on the run's server. */
export interface TestDatabase {
  readonly name: string;
  /** With the database's name in it, as MONGODB_URI wants it. */
  readonly uri: string;
  /** For looking behind Muster's back. */
  readonly db: Db;
  /** Drops the database and closes the connection. */
  drop(): Promise<void>;
}

export async function testDatabase(): Promise<TestDatabase> {
  const server = process.env['MUSTER_TEST_MONGODB_URI'];
  if (server === undefined)
    throw new Error('No test database: run through `npm test`, or set MUSTER_TEST_MONGODB_URI.');
  const name = `test_${randomBytes(6).toString('hex')}`;
  const url = new URL(server);
  url.pathname = `/${name}`;
  if (url.username !== '' && !url.searchParams.has('authSource')) url.searchParams.set('authSource', 'admin');
  const client = await MongoClient.connect(url.href);
  const db = client.db(name);
  return {
    name,
    uri: url.href,
    db,
    async drop() {
      await db.dropDatabase();
      await client.close();
    },
  };
}
