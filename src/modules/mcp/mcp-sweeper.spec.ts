import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { INITIAL_LIFECYCLE } from '../../domain/lifecycle/lifecycle.js';
import type { LifecycleRecords } from '../../domain/lifecycle/lifecycle-records.js';
import type { McpSessionRecords } from '../../domain/mcp/mcp-session-records.js';
import type { McpSession } from '../../domain/mcp/mcp-session.js';
import type { ContainerRuntime } from '../../domain/runtime/container-runtime.js';
import { RuntimeError } from '../../domain/runtime/runtime-errors.js';
import type { McpSessionLog } from './mcp-session-log.js';
import { McpSettings } from './mcp-settings.js';
import { McpSweeper } from './mcp-sweeper.js';
import type { OpenMcpSessions } from './open-mcp-sessions.js';

const EVERY_MS = 100;

describe('the sweep of MCP sessions', () => {
  let lost: Partial<McpSession>[];
  let owned: string;
  let sut: McpSweeper;
  const endExec = jest.fn<ContainerRuntime['endExec']>();
  const discard = jest.fn<McpSessionRecords['discard']>();
  const end = jest.fn<McpSessionLog['end']>();

  beforeEach(() => {
    jest.useFakeTimers();
    owned = '';
    lost = [
      { id: 'opening' as McpSession['id'], state: 'opening', replica: 0 },
      { id: 'open' as McpSession['id'], state: 'open', replica: 1 },
    ];
    endExec.mockReset().mockResolvedValue();
    discard.mockReset().mockResolvedValue();
    end.mockReset().mockResolvedValue();
    const findLost = (): Promise<Partial<McpSession>[]> => Promise.resolve(lost);
    const replicas = [{ index: 1, containerId: 'container-1', state: 'running' }];
    const lifecycle = { ...INITIAL_LIFECYCLE, containerId: 'container-0', replicas };
    const find = (): Promise<object> => Promise.resolve({ lifecycle });
    sut = new McpSweeper(
      { findLost, discard } as unknown as McpSessionRecords,
      { find } as unknown as LifecycleRecords,
      { end } as unknown as McpSessionLog,
      { owns: (id) => id === owned } as OpenMcpSessions,
      { endExec } as unknown as ContainerRuntime,
      new McpSettings({ sweepEveryMs: EVERY_MS }),
    );
  });

  afterEach(async () => {
    await sut.onModuleDestroy();
    jest.useRealTimers();
  });

  it('ends what they left where they were, then forgets those that nobody was told of, and tells of the others', async () => {
    await sut.sweep();
    expect(endExec.mock.calls).toEqual([
      ['container-0', 'opening'],
      ['container-1', 'open'],
    ]);
    expect(discard.mock.calls).toEqual([['opening']]);
    expect(end.mock.calls.map(([session, outcome]) => [session.id, outcome.end])).toEqual([['open', 'lost']]);
  });

  it('leaves alone what this very process carries, which only could not say so', async () => {
    owned = 'open';
    await sut.sweep();
    expect([endExec.mock.calls, end.mock.calls]).toEqual([[['container-0', 'opening']], []]);
  });

  it('leaves them on record while the engine is away', async () => {
    endExec.mockRejectedValue(new RuntimeError('unavailable', 'away'));
    await sut.sweep();
    expect([discard.mock.calls, end.mock.calls]).toEqual([[], []]);
  });

  it('is one at a time, however long it takes', async () => {
    let done = (): void => undefined;
    endExec.mockImplementation(() => new Promise((resolve) => (done = resolve)));
    sut.onApplicationBootstrap();
    await jest.advanceTimersByTimeAsync(10 * EVERY_MS);
    expect(endExec).toHaveBeenCalledTimes(1);
    lost = lost.slice(1);
    done();
    await jest.advanceTimersByTimeAsync(0);
    expect(endExec).toHaveBeenCalledTimes(2);
    done();
    await jest.advanceTimersByTimeAsync(2 * EVERY_MS);
    expect(endExec).toHaveBeenCalledTimes(3);
    done();
  });
});
