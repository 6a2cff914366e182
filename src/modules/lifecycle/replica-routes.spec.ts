import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DomainError } from '../../domain/errors/domain-error.js';
import { newId, type AgentInstanceId, type ProjectId, type TenantId } from '../../domain/ids.js';
import { INITIAL_LIFECYCLE, type Replica } from '../../domain/lifecycle/lifecycle.js';
import type { ManagedInstance } from '../../domain/lifecycle/managed-instance.js';
import { AgentNotRunningError } from '../../domain/runs/agent-not-running.error.js';
import type { AgentConnection } from '../../domain/runtime/agent-connection.js';
import { AgentUnreachableError, RuntimeError } from '../../domain/runtime/runtime-errors.js';
import type { Tunnel } from '../../domain/runtime/tunnel.js';
import type { AgentConnections } from './agent-connections.js';
import type { ContainerPlanner } from './container-planner.js';
import { LifecycleSettings } from './lifecycle-settings.js';
import { isNotThere, ReplicaRoutes } from './replica-routes.js';

const PORT = 80;
const ONCE = { leadsOn: isNotThere };
const patience = new AbortController().signal;

const instance = (...states: Replica['state'][]): ManagedInstance => {
  const replicas = states.map((state, index): Replica => {
    const containerId = `container-${index}`;
    const made = { operator: 'docker', containerId, containerName: null, specDigest: '', restartToken: 0 };
    const found = { configuredRevision: 1, pid: null, health: 'unknown', startedAt: null, endpoint: null } as const;
    return { index, state, ...made, ...found };
  });
  const desired = { ...INITIAL_LIFECYCLE.desired, state: 'running', replicas: states.length } as const;
  return {
    id: newId<AgentInstanceId>(),
    tenantId: newId<TenantId>(),
    projectId: newId<ProjectId>(),
    identifier: 'web-app-dev-1',
    manifest: {},
    status: 'idle',
    pid: null,
    openRuns: [],
    revision: 1,
    removedAt: null,
    lifecycle: { ...INITIAL_LIFECYCLE, state: states[0]!, containerId: 'container-0', desired, replicas },
  };
};

describe('the routes to copies of an agent', () => {
  let opened: string[];
  let closed: string[];
  let ways: Map<string, () => Promise<void>>;
  let sut: ReplicaRoutes;
  const health = jest.fn<AgentConnection['health']>();

  beforeEach(() => {
    opened = [];
    closed = [];
    ways = new Map();
    health.mockReset().mockResolvedValue({ version: '1', configured: null });
    const to = async ({ id }: { id: string }): Promise<unknown> => {
      const tunnel = async (): Promise<Partial<Tunnel>> => {
        opened.push(id);
        await ways.get(id)?.();
        return { close: () => void closed.push(id) };
      };
      return Promise.resolve({ tunnel, health, name: id });
    };
    const addressOf = async (_instance: unknown, _replica: number, id: string): Promise<object> =>
      Promise.resolve({ id });
    sut = new ReplicaRoutes(
      { to } as unknown as AgentConnections,
      { addressOf } as unknown as ContainerPlanner,
      new LifecycleSettings({ replicaPatienceMs: 50 }),
    );
  });

  const fails = (replica: number, error: Error): unknown =>
    ways.set(`container-${replica}`, async () => Promise.reject(error));
  const told = (): number[] => opened.splice(0).map((id) => Number(id.at(-1)));

  it('take turns, for each agent by itself, also of those who ask at once', async () => {
    const [one, other] = [instance('running', 'running', 'running'), instance('running', 'running')];
    for (let n = 0; n < 4; n += 1) await sut.tunnel(one, PORT, patience);
    await sut.tunnel(other, PORT, patience);
    expect(told()).toEqual([0, 1, 2, 0, 0]);
    await Promise.all([sut.tunnel(one, PORT, patience), sut.tunnel(one, PORT, patience)]);
    expect(told()).toEqual([1, 2]);
  });

  it('lead to the next one where one cannot be reached, and go on after that', async () => {
    const agent = instance('running', 'running', 'running');
    fails(0, new AgentUnreachableError('container-0'));
    fails(1, new RuntimeError('not-found', 'It is gone.'));
    for (let n = 0; n < 2; n += 1) await sut.tunnel(agent, PORT, patience);
    expect(told()).toEqual([0, 1, 2, 0, 1, 2]);
  });

  it('end with what the last one says, where none can be reached', async () => {
    fails(0, new AgentUnreachableError('container-0'));
    fails(1, new AgentUnreachableError('container-1'));
    await expect(sut.tunnel(instance('running', 'running'), PORT, patience)).rejects.toThrow('container-1');
    await expect(sut.tunnel(instance('failed', 'failed'), PORT, patience)).rejects.toThrow(AgentNotRunningError);
  });

  it('leave what another one would say too at that', async () => {
    const quota = new DomainError('QUOTA_EXCEEDED', 'There is no room.');
    const tried: number[] = [];
    const work = async (replica: number): Promise<never> => {
      tried.push(replica);
      return Promise.reject(quota);
    };
    await expect(sut.byTurns(instance('running', 'running'), work, ONCE)).rejects.toBe(quota);
    expect(tried).toEqual([0]);
  });

  it.each([
    ['the engine did not answer in time', new RuntimeError('timeout', 'No answer.')],
    ['the engine refused', new RuntimeError('refused', 'No.')],
  ])('lead no further with what must not begin twice, where %s', async (_, error) => {
    const work = jest.fn(async () => Promise.reject(error));
    await expect(sut.byTurns(instance('running', 'running'), work, ONCE)).rejects.toBe(error);
    expect(work).toHaveBeenCalledTimes(1);
  });

  it.each([
    ['it does not run', new AgentNotRunningError(newId<AgentInstanceId>(), 'failed')],
    ['it does not answer', new AgentUnreachableError('container-0')],
    ['its container is gone', new RuntimeError('not-found', 'It is gone.')],
  ])('lead on with what must not begin twice, where %s', async (_, error) => {
    const work = async (replica: number): Promise<number> =>
      replica === 0 ? Promise.reject(error) : Promise.resolve(replica);
    await expect(sut.byTurns(instance('running', 'running'), work, ONCE)).resolves.toBe(1);
  });

  it('lead past one that hangs, and close what it opens too late', async () => {
    let open = (): void => undefined;
    ways.set('container-0', () => new Promise((resolve) => (open = resolve)));
    await sut.tunnel(instance('running', 'running'), PORT, patience);
    expect([told(), closed]).toEqual([[0, 1], []]);
    open();
    await Promise.resolve();
    await new Promise(setImmediate);
    expect(closed).toEqual(['container-0']);
  });

  it('try nobody else once nobody waits', async () => {
    const gone = new AbortController();
    const left = new DomainError('AGENT_UNREACHABLE', 'The client is gone.');
    ways.set('container-0', async () => {
      gone.abort(left);
      return Promise.reject(new AgentUnreachableError('container-0'));
    });
    await expect(sut.tunnel(instance('running', 'running'), PORT, gone.signal)).rejects.toBe(left);
    expect(told()).toEqual([0]);
  });

  it('to one that answers begin with the first each time, and ask none that is the only one, or the last', async () => {
    const answering = async (agent: ManagedInstance): Promise<number> => (await sut.answering(agent)).replica;
    const agent = instance('running', 'running');
    expect([await answering(agent), await answering(agent)]).toEqual([0, 0]);
    health.mockRejectedValueOnce(new AgentUnreachableError('container-0'));
    expect(await answering(agent)).toBe(1);
    expect(await answering(instance('failed', 'running', 'running'))).toBe(1);
    health.mockRejectedValue(new AgentUnreachableError('slow'));
    health.mockClear();
    expect([await answering(agent), health.mock.calls.length]).toEqual([1, 1]);
    health.mockReset();
    expect([await answering(instance('running')), await answering(instance('failed', 'running'))]).toEqual([0, 1]);
    expect(health).not.toHaveBeenCalled();
  });
});
