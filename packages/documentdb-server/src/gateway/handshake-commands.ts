import { Binary, serialize, type Document } from 'bson';
import type { Client } from './client.js';
import { CommandError } from './command-error.js';
import type { CommandHandler, CommandTable, GatewayServices } from './context.js';
import { ScramError, ScramExchange } from './scram.js';

/** MongoDB 7.0: what DocumentDB's commands come close to. */
export const SERVER_VERSION = '7.0.0';
const WIRE_VERSION = 21;
const SET_NAME = 'muster';
const MECHANISM = 'SCRAM-SHA-256';

/**
 * Presents the server as the primary of a replica set of one, because only then do drivers offer sessions and transactions. Without a
 * topologyVersion, drivers ask for news by polling and do not wait for a stream of it.
 */
const hello: CommandHandler = (command, client, services) => {
  const address = services.address();
  const request = command.document();
  const reply: Document = {
    helloOk: true,
    ...(command.name === 'hello' ? { isWritablePrimary: true } : { ismaster: true }),
    secondary: false,
    setName: SET_NAME,
    setVersion: 1,
    hosts: [address],
    primary: address,
    me: address,
    maxBsonObjectSize: 16_777_216,
    maxMessageSizeBytes: 48_000_000,
    maxWriteBatchSize: 25_000,
    localTime: new Date(),
    logicalSessionTimeoutMinutes: 30,
    connectionId: client.id,
    minWireVersion: 0,
    maxWireVersion: WIRE_VERSION,
    readOnly: false,
    ok: 1,
  };
  if (request['saslSupportedMechs'] !== undefined) reply['saslSupportedMechs'] = [MECHANISM];
  const speculative: unknown = request['speculativeAuthenticate'];
  if (isDocument(speculative) && speculative['mechanism'] === MECHANISM) {
    try {
      reply['speculativeAuthenticate'] = begin(speculative, client, services);
    } catch {
      // The client then begins anew with saslStart, and is told there what is wrong.
    }
  }
  return serialize(reply);
};

const saslStart: CommandHandler = (command, client, services) => {
  const request = command.document();
  if (request['mechanism'] !== MECHANISM)
    throw new CommandError('AuthenticationFailed', `Only ${MECHANISM} is supported.`);
  return serialize({ ...begin(request, client, services), ok: 1 });
};

const saslContinue: CommandHandler = (command, client, services) => {
  const request = command.document();
  const { exchange } = client;
  if (!exchange || request['conversationId'] !== exchange.id) throw authenticationFailed();
  if (exchange.proven) {
    client.user = services.credentials.username;
    client.exchange = undefined;
    return serialize({ conversationId: exchange.id, done: true, payload: new Binary(Buffer.alloc(0)), ok: 1 });
  }
  try {
    const payload = exchange.scram.finish(payloadOf(request));
    exchange.proven = true;
    // Not done before the client has seen the server's proof and answered with an empty message, unless it asked to skip that.
    if (exchange.skipsEmpty) client.user = services.credentials.username;
    return serialize({
      conversationId: exchange.id,
      done: exchange.skipsEmpty,
      payload: new Binary(Buffer.from(payload)),
      ok: 1,
    });
  } catch (error) {
    client.exchange = undefined;
    if (error instanceof ScramError) throw authenticationFailed();
    throw error;
  }
};

function begin(request: Document, client: Client, services: GatewayServices): Document {
  try {
    const scram = new ScramExchange(services.credentials, payloadOf(request));
    const options: unknown = request['options'];
    const skipsEmpty = isDocument(options) && options['skipEmptyExchange'] === true;
    client.user = undefined;
    client.exchange = { id: (client.exchange?.id ?? 0) + 1, scram, proven: false, skipsEmpty };
    return { conversationId: client.exchange.id, done: false, payload: new Binary(Buffer.from(scram.challenge())) };
  } catch (error) {
    if (error instanceof ScramError) throw authenticationFailed();
    throw error;
  }
}

function payloadOf(request: Document): string {
  const payload: unknown = request['payload'];
  if (payload instanceof Binary) return Buffer.from(payload.value()).toString();
  throw new CommandError('BadValue', 'payload must be binary');
}

function isDocument(value: unknown): value is Document {
  return typeof value === 'object' && value !== null;
}

function authenticationFailed(): CommandError {
  return new CommandError('AuthenticationFailed', 'Authentication failed.');
}

const ping: CommandHandler = () => serialize({ ok: 1 });

const buildInfo: CommandHandler = () =>
  serialize({
    version: SERVER_VERSION,
    versionArray: SERVER_VERSION.split('.').map(Number).concat(0),
    gitVersion: 'documentdb',
    modules: [],
    bits: 64,
    debug: false,
    maxBsonObjectSize: 16_777_216,
    storageEngines: ['documentdb'],
    ok: 1,
  });

/** Commands that a client may send before it has proved its password. */
export const HANDSHAKE_COMMANDS: CommandTable = {
  hello,
  isMaster: hello,
  ismaster: hello,
  saslStart,
  saslContinue,
  ping,
  buildInfo,
  buildinfo: buildInfo,
};
