import { serialize } from 'bson';
import type { CommandHandler, CommandTable } from './context.js';
import { SERVER_VERSION } from './handshake-commands.js';
import { CommandError } from './command-error.js';

const OK = serialize({ ok: 1 });

const commitTransaction: CommandHandler = async (command, _client, { transactions }) => {
  await transactions.commit(command);
  return OK;
};

const abortTransaction: CommandHandler = async (command, _client, { transactions }) => {
  await transactions.abort(command);
  return OK;
};

const connectionStatus: CommandHandler = (_command, client) =>
  serialize({
    authInfo: {
      authenticatedUsers: client.user === undefined ? [] : [{ user: client.user, db: 'admin' }],
      authenticatedUserRoles: client.user === undefined ? [] : [{ role: 'root', db: 'admin' }],
    },
    ok: 1,
  });

const serverStatus: CommandHandler = (
  _command,
  _client,
  { address, connections, cursors, pool, startedAt, transactions },
) =>
  serialize({
    host: address(),
    version: SERVER_VERSION,
    process: 'documentdb-server',
    pid: process.pid,
    uptime: Math.floor((Date.now() - startedAt) / 1000),
    uptimeMillis: Date.now() - startedAt,
    localTime: new Date(),
    connections: { current: connections() },
    metrics: { cursor: { open: { total: cursors.size } } },
    transactions: { currentOpen: transactions.open },
    postgres: { connections: { open: pool.open, idle: pool.idleCount } },
    storageEngine: { name: 'documentdb', persistent: true },
    ok: 1,
  });

const hostInfo: CommandHandler = (_command, _client, { address }) =>
  serialize({
    system: { currentTime: new Date(), hostname: address(), cpuArch: process.arch },
    os: { type: 'Linux' },
    ok: 1,
  });

const getParameter: CommandHandler = (command) => {
  const request = command.document();
  const known = { featureCompatibilityVersion: { version: '7.0' } };
  if (request['getParameter'] === '*' || 'featureCompatibilityVersion' in request)
    return serialize({ ...known, ok: 1 });
  throw new CommandError('BadValue', 'no option found to get');
};

const getLog: CommandHandler = () => serialize({ totalLinesWritten: 0, log: [], ok: 1 });

export const SESSION_COMMANDS: CommandTable = {
  commitTransaction,
  abortTransaction,
  endSessions: async (command, _client, { transactions }) => {
    for (const session of command.sessionsToEnd()) await transactions.forget(session);
    return OK;
  },
  refreshSessions: () => OK,
  connectionStatus,
  serverStatus,
  hostInfo,
  getParameter,
  getLog,
};
