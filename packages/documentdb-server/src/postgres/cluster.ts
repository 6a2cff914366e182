import { access, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inNamespaces } from '../runtime/namespaces.js';
import { runCommand } from '../runtime/run-command.js';

/** Where PostgreSQL's programs are, inside the root folder. */
export const PROGRAMS = '/usr/lib/postgresql/18/bin';

/** The cluster's folder in the data folder, which programs in the namespaces see as /data. */
export const CLUSTER = 'postgres';

/** The folder of PostgreSQL's Unix socket. There is no TCP port. */
export const SOCKETS = 'run';

/** Makes the database cluster in `dataDir` unless it is there, and writes its configuration. */
export async function ensureCluster(root: string, dataDir: string, durable: boolean): Promise<void> {
  await mkdir(join(dataDir, SOCKETS), { recursive: true, mode: 0o700 });
  if (!(await exists(join(dataDir, CLUSTER, 'PG_VERSION')))) {
    // Made beside its place and renamed, so that an interrupted initdb is never taken for a cluster.
    const building = `${CLUSTER}.new`;
    await rm(join(dataDir, building), { recursive: true, force: true });
    const { command, args } = inNamespaces(root, dataDir, [
      `${PROGRAMS}/initdb`,
      `--pgdata=/data/${building}`,
      '--username=postgres',
      '--auth=peer',
      '--encoding=UTF8',
      '--no-locale',
      durable ? '--sync-method=syncfs' : '--no-sync',
    ]);
    await runCommand(command, args);
    await rename(join(dataDir, building), join(dataDir, CLUSTER));
  }
  await writeFile(join(dataDir, CLUSTER, 'pg_hba.conf'), HOST_BASED_ACCESS);
  await writeFile(join(dataDir, CLUSTER, 'postgresql.conf'), configuration(durable));
}

/**
 * Only the Unix socket, and only for processes of the user who runs the database: in the inner user namespace they have
 * uid 1000, which its passwd file calls postgres. Every other user, root included, is nobody there.
 */
const HOST_BASED_ACCESS = 'local all postgres peer\n';

function configuration(durable: boolean): string {
  const settings: Record<string, string | number | boolean> = {
    listen_addresses: '',
    unix_socket_directories: `/data/${SOCKETS}`,
    unix_socket_permissions: '0700',
    max_connections: 200,
    shared_buffers: '64MB',
    // One node without replicas needs no more than what crash recovery reads.
    wal_level: 'minimal',
    max_wal_senders: 0,
    // On a small machine, processes for parallel plans and asynchronous reads cost more than they bring.
    max_parallel_workers_per_gather: 0,
    io_method: 'sync',
    jit: false,
    // Without these two, only a crash of the machine loses writes: what was acknowledged still survives a kill of every process.
    fsync: durable,
    full_page_writes: durable,
    // Failing statements are answered to their client; the log is for what ends the server.
    log_min_messages: 'fatal',
    log_min_error_statement: 'panic',
    log_checkpoints: false,
    shared_preload_libraries: 'pg_cron,pg_documentdb_core,pg_documentdb_extended_rum,pg_documentdb',
    'cron.database_name': 'postgres',
    'cron.use_background_workers': true,
    'cron.log_run': false,
    'cron.log_statement': false,
    'documentdb.localhost_connection_string': `host=/data/${SOCKETS}`,
    // The default kind of index cannot give documents in order: a page of a sorted result would sort the whole result each time.
    'documentdb.alternate_index_handler_name': 'extended_rum',
    // Without these two, a query on a sorted index often gathers all matches and sorts them, or scans the collection for an $or.
    'documentdb.enableCompositeIndexPlanner': true,
    random_page_cost: 1.1,
    // The planner needs statistics soon after a collection begins to grow.
    autovacuum_naptime: '10s',
    // A deadlock ends the whole statement, so that the gateway can run it again.
    'documentdb.throwDeadlockOnCRUD': true,
    // Inserts of one unique key at once deadlock (a unique index is an exclusion constraint here), so it is looked for soon.
    deadlock_timeout: '20ms',
    'documentdb_core.enableCollation': true,
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name} = ${typeof value === 'boolean' ? (value ? 'on' : 'off') : `'${String(value)}'`}\n`)
    .join('');
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
