import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { systemActor } from '../../src/domain/events/actor.js';
import type { Authenticator } from '../../src/domain/identity/authenticator.js';
import type { Principal } from '../../src/domain/identity/principal.js';
import type { InstancePath } from '../../src/domain/lifecycle/lifecycle-records.js';
import type { McpSessionRecords } from '../../src/domain/mcp/mcp-session-records.js';
import { RuntimeError } from '../../src/domain/runtime/runtime-errors.js';
import type { ContainerRuntime } from '../../src/domain/runtime/container-runtime.js';
import { McpOpener } from '../../src/modules/mcp/mcp-opener.js';
import type { McpPrograms } from '../../src/modules/mcp/mcp-programs.js';
import type { McpSessionLog } from '../../src/modules/mcp/mcp-session-log.js';
import { McpSettings } from '../../src/modules/mcp/mcp-settings.js';
import { OpenMcpSessions } from '../../src/modules/mcp/open-mcp-sessions.js';
import type { Draining } from '../../src/platform/http/draining.js';
import type { LifecycleHost } from '../support/lifecycle-host.js';
import { LifecycleWorld } from '../support/lifecycle-world.js';

const ADMIN = systemActor('test');
const WAIT_MS = 20_000;

describe('an MCP session that cannot begin in one copy', () => {
  let world: LifecycleWorld;
  let muster: LifecycleHost;
  let path: InstancePath;
  let sut: McpOpener;
  const exec = jest.fn<ContainerRuntime['exec']>();

  beforeEach(async () => {
    world = await LifecycleWorld.create();
    muster = world.host({ callTimeoutMs: 1000 }).start();
    path = await world.instance();
    await muster.service.act(path, 'start', ADMIN, WAIT_MS);
    await muster.service.act(path, 'scale', ADMIN, WAIT_MS, 3);
    exec.mockReset();
    muster.runtime.exec = exec as unknown as typeof muster.runtime.exec;
    const programs = { of: async () => Promise.resolve({ command: ['mcp'], cwd: '/' }) };
    const log = { begin: async () => Promise.resolve({ id: 'session' }), end: async () => Promise.resolve() };
    const records = { discard: async () => Promise.resolve() } as unknown as McpSessionRecords;
    const settings = new McpSettings();
    sut = new McpOpener(
      records,
      log as unknown as McpSessionLog,
      programs as unknown as McpPrograms,
      new OpenMcpSessions(records, {} as Authenticator, {} as Draining, settings),
      muster.use,
      muster.runtime,
      muster.service,
      settings,
    );
  });

  afterEach(async () => {
    await world.end();
  });

  const begin = async (signal = new AbortController().signal): Promise<unknown> =>
    sut.begin({} as Principal, path, undefined, signal).catch((error: unknown) => error);

  it('begins in no other one where it may have begun', async () => {
    const late = new RuntimeError('timeout', 'The engine did not answer in time.');
    exec.mockRejectedValue(late);
    expect(await begin()).toBe(late);
    expect(exec).toHaveBeenCalledTimes(1);
  });

  it('is tried in all others where the container is gone', async () => {
    exec.mockRejectedValue(new RuntimeError('not-found', 'It is gone.'));
    expect(await begin()).toMatchObject({ code: 'AGENT_NOT_RUNNING' });
    expect(new Set(exec.mock.calls.map(([{ id }]) => id)).size).toBe(3);
  });

  it('is tried nowhere any more once its client has left', async () => {
    const left = new AbortController();
    exec.mockImplementation(async () => {
      left.abort(new Error('left'));
      return Promise.reject(new RuntimeError('not-found', 'It is gone.'));
    });
    expect(await begin(left.signal)).toBe(left.signal.reason);
    expect(exec).toHaveBeenCalledTimes(1);
  });
});
