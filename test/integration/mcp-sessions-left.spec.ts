import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EventEmitter2 } from '@nestjs/event-emitter';
import mongoose, { type Connection } from 'mongoose';
import { MCP_SESSION_MODEL, mcpSessionSchema, type McpSessionRecord } from '../../src/data/mcp/mcp-session.schema.js';
import { MongoMcpSessions } from '../../src/data/mcp/mcp-sessions.repository.js';
import type { Principal } from '../../src/domain/identity/principal.js';
import { newId } from '../../src/domain/ids.js';
import type { InstancePath } from '../../src/domain/lifecycle/lifecycle-records.js';
import type { LifecycleService } from '../../src/modules/lifecycle/lifecycle.service.js';
import { McpOpener } from '../../src/modules/mcp/mcp-opener.js';
import type { McpPrograms } from '../../src/modules/mcp/mcp-programs.js';
import { McpSessionLog } from '../../src/modules/mcp/mcp-session-log.js';
import { McpSettings } from '../../src/modules/mcp/mcp-settings.js';
import { McpSweeper } from '../../src/modules/mcp/mcp-sweeper.js';
import { OpenMcpSessions, type OpenMcpSession } from '../../src/modules/mcp/open-mcp-sessions.js';
import { DomainEventBus } from '../../src/platform/events/domain-event-bus.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { FakeMcpProgram } from '../support/mcp/fake-mcp-program.js';

const OWNED_MS = 1000;

type Away = 'open' | 'discard' | 'end';

/** The records, where some writes fail. */
class FailingSessions extends MongoMcpSessions {
  readonly away = new Set<Away>();

  override async open(...asked: Parameters<MongoMcpSessions['open']>): Promise<boolean> {
    return this.away.has('open') ? Promise.reject(new Error('no open')) : super.open(...asked);
  }

  override async discard(...asked: Parameters<MongoMcpSessions['discard']>): Promise<void> {
    return this.away.has('discard') ? Promise.reject(new Error('no discard')) : super.discard(...asked);
  }

  override async end(...asked: Parameters<MongoMcpSessions['end']>): Promise<boolean> {
    return this.away.has('end') ? Promise.reject(new Error('no end')) : super.end(...asked);
  }
}

describe('MCP sessions that cannot be written to, of a Muster that lives', () => {
  const path = { tenantId: newId(), projectId: newId(), id: newId() } as InstancePath;
  const caller = { tenantId: path.tenantId, apiKeyId: newId(), role: 'operator' } as unknown as Principal;
  let database: TestDatabase;
  let connection: Connection;
  let records: FailingSessions;
  let programs: FakeMcpProgram[];
  let starting: Promise<void>;
  let usesOver: number;
  let open: OpenMcpSessions;
  let opener: McpOpener;
  let sweeper: McpSweeper;

  beforeEach(async () => {
    database = await testDatabase();
    connection = await mongoose.createConnection(database.uri).asPromise();
    records = new FailingSessions(connection.model<McpSessionRecord>(MCP_SESSION_MODEL, mcpSessionSchema));
    programs = [];
    starting = Promise.resolve();
    usesOver = 0;
    const settings = new McpSettings({ ownedMs: OWNED_MS, renewEveryMs: 100, endMs: 1 });
    const runtime = {
      exec: async () => {
        const program = new FakeMcpProgram();
        programs.push(program);
        await starting;
        return program;
      },
      endExec: async () => Promise.resolve(),
    };
    const lifecycle = {
      onNextReplica: async <T>(_: unknown, work: (replica: number) => Promise<T>) => work(0),
      addressOf: async () => Promise.resolve({ id: 'container' }),
    };
    const use = {
      awake: async () => Promise.resolve({ id: path.id }),
      release: async () => {
        usesOver += 1;
        return Promise.resolve();
      },
    };
    const log = new McpSessionLog(records, new DomainEventBus(new EventEmitter2()), settings);
    open = new OpenMcpSessions(records, {} as never, { signal: new AbortController().signal } as never, settings);
    opener = new McpOpener(
      records,
      log,
      { of: async () => Promise.resolve({ command: ['serve'], cwd: '/' }) } as unknown as McpPrograms,
      open,
      { hold: async () => Promise.resolve(use) } as never,
      runtime as never,
      lifecycle as unknown as LifecycleService,
      settings,
    );
    sweeper = new McpSweeper(
      records,
      { find: async () => Promise.resolve(null) } as never,
      log,
      open,
      runtime as never,
      settings,
    );
    open.onApplicationBootstrap();
  });

  afterEach(async () => {
    for (const program of programs) program.ends();
    await open.beforeApplicationShutdown();
    await connection.close();
    await database.drop();
  });

  const begin = async (): Promise<OpenMcpSession> =>
    opener.begin(caller, path, undefined, new AbortController().signal);
  const states = async (): Promise<string[]> => {
    const { items } = await records.list(path, { limit: 10 });
    return items.map(({ state, end }) => `${state} ${end}`).sort();
  };
  const afterSweeps = async (expected: readonly string[]): Promise<void> =>
    eventually(async () => {
      await sweeper.sweep();
      expect(await states()).toEqual(expected);
    });

  it('are swept when their end could not be written, and keep no agent awake; those it carries stay', async () => {
    const ended = await begin();
    await begin();
    records.away.add('end');
    programs[0]?.ends();
    await ended.gone;
    expect([usesOver, await states()]).toEqual([1, ['open null', 'open null']]);
    records.away.clear();
    await afterSweeps(['ended lost', 'open null']);
  });

  it('are swept when they could not be opened, nor that undone; their program is let go of', async () => {
    await begin();
    records.away.add('open').add('discard');
    await expect(begin()).rejects.toThrow('no open');
    expect(programs.map(({ isClosed }) => isClosed)).toEqual([false, true]);
    expect([usesOver, await states()]).toEqual([1, ['open null', 'opening null']]);
    records.away.clear();
    await afterSweeps(['open null']);
  });

  it('are its own while their program starts, however long that takes', async () => {
    let goOn = (): void => undefined;
    starting = new Promise((resolve) => (goOn = resolve));
    const beginning = begin();
    const documents = connection.collection<McpSessionRecord>('mcp_sessions');
    await eventually(async () => {
      const found = await documents.findOne({});
      expect(Number(found?.ownedUntil)).toBeGreaterThan(Number(found?.createdAt) + 2 * OWNED_MS);
    });
    goOn();
    await beginning;
    expect(await states()).toEqual(['open null']);
  });
});
