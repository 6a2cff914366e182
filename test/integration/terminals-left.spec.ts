import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EventEmitter2 } from '@nestjs/event-emitter';
import mongoose, { type Connection } from 'mongoose';
import { PassThrough } from 'node:stream';
import { TERMINAL_MODEL, terminalSchema, type TerminalRecord } from '../../src/data/terminals/terminal.schema.js';
import { MongoTerminals } from '../../src/data/terminals/terminals.repository.js';
import { systemActor } from '../../src/domain/events/actor.js';
import type { Principal } from '../../src/domain/identity/principal.js';
import { newId, type ApiKeyId, type TerminalId } from '../../src/domain/ids.js';
import type { InstancePath } from '../../src/domain/lifecycle/lifecycle-records.js';
import type { Terminal } from '../../src/domain/terminals/terminal.js';
import { OpenTerminals } from '../../src/modules/terminals/open-terminals.js';
import { sealEnvironment } from '../../src/modules/terminals/sealed-environment.js';
import { TerminalGateway } from '../../src/modules/terminals/terminal-gateway.js';
import { TerminalSettings } from '../../src/modules/terminals/terminal-settings.js';
import { TerminalSweeper } from '../../src/modules/terminals/terminal-sweeper.js';
import { TerminalsService } from '../../src/modules/terminals/terminals.service.js';
import { DomainEventBus } from '../../src/platform/events/domain-event-bus.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { FakeMcpProgram } from '../support/mcp/fake-mcp-program.js';

const OWNED_MS = 1000;
const TICKET = 'ticket';
/** It is no request for a WebSocket to those who look again: the client is gone before it is one. */
const REQUEST = {
  headers: { 'sec-websocket-key': `${'A'.repeat(22)}==`, 'sec-websocket-version': '13' },
  raw: { httpVersion: '1.1', method: 'GET', headers: {} },
};

/** The records, while no end can be written. */
class FailingTerminals extends MongoTerminals {
  isAway = false;

  override async end(...asked: Parameters<MongoTerminals['end']>): Promise<Terminal | null> {
    return this.isAway ? Promise.reject(new Error('no end')) : super.end(...asked);
  }
}

describe('terminals whose end cannot be written, of a Muster that lives', () => {
  const path = { tenantId: newId(), projectId: newId(), id: newId() } as InstancePath;
  const caller = { tenantId: path.tenantId, apiKeyId: newId<ApiKeyId>() } as Principal;
  let database: TestDatabase;
  let connection: Connection;
  let records: FailingTerminals;
  let usesOver: number;
  let start: () => Promise<FakeMcpProgram>;
  let endExec: () => Promise<void>;
  /** Lets what hangs go on. */
  let goOn: () => void;
  let open: OpenTerminals;
  let gateway: TerminalGateway;
  let sweeper: TerminalSweeper;

  beforeEach(async () => {
    database = await testDatabase();
    connection = await mongoose.createConnection(database.uri).asPromise();
    records = new FailingTerminals(connection.model<TerminalRecord>(TERMINAL_MODEL, terminalSchema));
    usesOver = 0;
    goOn = () => undefined;
    start = async () => Promise.resolve(new FakeMcpProgram());
    endExec = async () => Promise.resolve();
    const settings = new TerminalSettings({ ownedMs: OWNED_MS, renewEveryMs: 100 });
    const runtime = { exec: async () => start(), endExec: async () => endExec() } as never;
    const lifecycle = { addressOf: async () => Promise.resolve({ id: 'container' }) } as never;
    const release = async (): Promise<void> => {
      usesOver += 1;
      return Promise.resolve();
    };
    const hold = async (): Promise<object> => Promise.resolve({ awake: async () => Promise.resolve({}), release });
    const use = { hold } as never;
    const bus = new DomainEventBus(new EventEmitter2());
    open = new OpenTerminals(records, {} as never, { signal: new AbortController().signal } as never, settings);
    const service = new TerminalsService(records, lifecycle, use, runtime, {} as never, open, bus, settings);
    gateway = new TerminalGateway(records, service, open, use, runtime, lifecycle, bus, settings);
    const instances = { find: async () => Promise.resolve(null) } as never;
    sweeper = new TerminalSweeper(records, instances, service, open, runtime, settings);
    open.onApplicationBootstrap();
  });

  afterEach(async () => {
    goOn();
    await open.beforeApplicationShutdown();
    await connection.close();
    await database.drop();
  });

  const waiting = async (): Promise<TerminalId> => {
    const id = newId<TerminalId>();
    const terminal: Terminal = {
      id,
      tenantId: path.tenantId,
      projectId: path.projectId,
      instanceId: path.id,
      replica: 0,
      command: ['sh'],
      cwd: '/',
      envNames: [],
      size: { columns: 80, rows: 24 },
      state: 'waiting',
      end: null,
      exitCode: null,
      apiKeyId: caller.apiKeyId,
      createdBy: systemActor('test'),
      createdAt: new Date(),
      openedAt: null,
      endedAt: null,
    };
    await records.insert(terminal, sealEnvironment(id, {}, { ticket: TICKET, key: '' }));
    return id;
  };
  const connect = async (id: TerminalId): Promise<void> =>
    gateway.connect(caller, path, id, {
      request: REQUEST as never,
      reply: { hijack: () => undefined } as never,
      upgrade: { socket: new PassThrough(), head: Buffer.alloc(0) },
      proof: { kind: 'byTicket', text: TICKET },
    });
  /** Another one that it carries, so that it goes on saying that it is there. */
  const carried = async (): Promise<void> => {
    endExec = async () => new Promise((resolve) => (goOn = resolve));
    await connect(await waiting());
    endExec = async () => Promise.resolve();
  };
  const states = async (): Promise<string[]> => {
    const { items } = await records.list(path, { limit: 10 });
    return items.map(({ state, end }) => `${state} ${end}`).sort();
  };
  const afterSweeps = async (expected: readonly string[]): Promise<void> =>
    eventually(async () => {
      await sweeper.sweep();
      expect(await states()).toEqual(expected);
    });

  it('are swept, and keep no agent awake; those it carries stay', async () => {
    await carried();
    records.isAway = true;
    await connect(await waiting());
    await eventually(async () => {
      expect([usesOver, await states()]).toEqual([1, ['open null', 'open null']]);
    });
    records.isAway = false;
    await afterSweeps(['ended lost', 'open null']);
    goOn();
    await eventually(async () => {
      expect([usesOver, await states()]).toEqual([2, ['ended client-left', 'ended lost']]);
    });
  });

  it('are swept when their program cannot be started, which their client is told', async () => {
    await carried();
    records.isAway = true;
    start = async () => Promise.reject(new Error('no program'));
    await expect(connect(await waiting())).rejects.toThrow('no program');
    expect([usesOver, await states()]).toEqual([1, ['open null', 'open null']]);
    records.isAway = false;
    await afterSweeps(['ended lost', 'open null']);
  });

  it('stay when somebody connects a second time', async () => {
    const id = await waiting();
    endExec = async () => new Promise((resolve) => (goOn = resolve));
    await connect(id);
    await expect(connect(id)).rejects.toMatchObject({ code: 'TERMINAL_NOT_WAITING' });
    expect(open.owns(id)).toBe(true);
  });

  it('are its own while their program starts, however long that takes', async () => {
    start = async () => {
      await new Promise<void>((resolve) => (goOn = resolve));
      return new FakeMcpProgram();
    };
    const connecting = connect(await waiting());
    const documents = connection.collection<TerminalRecord>('terminals');
    await eventually(async () => {
      const found = await documents.findOne({});
      expect(Number(found?.ownedUntil)).toBeGreaterThan(Number(found?.openedAt) + 2 * OWNED_MS);
    });
    goOn();
    await connecting;
  });
});
