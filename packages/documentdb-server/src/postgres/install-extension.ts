import type { PgConnection } from '../pg-wire/pg-connection.js';

/**
 * Installs the DocumentDB extension, or brings it to the version of the programs. All in one transaction, so that a crash
 * leaves none of it.
 */
export async function installExtension(connection: PgConnection): Promise<void> {
  await connection.query(
    `BEGIN;
     CREATE EXTENSION IF NOT EXISTS documentdb CASCADE;
     CREATE EXTENSION IF NOT EXISTS documentdb_extended_rum CASCADE;
     ALTER EXTENSION documentdb_core UPDATE;
     ALTER EXTENSION documentdb UPDATE;
     ALTER EXTENSION documentdb_extended_rum UPDATE;
     COMMIT`,
  );
  // Indexes are built by the command that asks for them, so nobody needs to look for such work every two seconds.
  await connection.query(`SELECT cron.unschedule(jobid) FROM cron.job WHERE command LIKE '%build_index_concurrently%'`);
}
