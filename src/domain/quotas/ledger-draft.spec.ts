import { describe, expect, it } from '@jest/globals';
import { newId, type AgentInstanceId, type ProjectId, type RunId, type TenantId } from '../ids.js';
import { INITIAL_LIFECYCLE, type Lifecycle } from '../lifecycle/lifecycle.js';
import { runHolding, runningHolding, seatHolding, type Holding } from './holding.js';
import { LedgerDraft } from './ledger-draft.js';
import type { Facts, InstanceFact } from './quota-facts.js';
import { emptyLedger } from './quota-ledger.js';

const DEFAULTS = { instances: 3, replicas: 2, cpus: 1, memoryMiB: 1024, runs: 2 };
const GRACE_MS = 1000;
const NOW = new Date('2026-01-01T00:00:10Z');
const OLD = new Date(NOW.getTime() - 2 * GRACE_MS);

const project = newId<ProjectId>();
const other = newId<ProjectId>();
const draft = (): LedgerDraft => new LedgerDraft(emptyLedger(newId<TenantId>()), DEFAULTS, GRACE_MS);
const seat = (id = newId<AgentInstanceId>(), at = NOW): Holding => seatHolding(id, project, at);
const running = (id: AgentInstanceId, generation = 0, at = NOW, resources = {}): Holding =>
  runningHolding({ id, projectId: project, manifest: { resources: { cpus: 0.4, ...resources } } }, 1, generation, at);
const NOTHING: Facts = { instances: [], pending: [], runs: [] };

const fact = (
  id: AgentInstanceId,
  lifecycle: Partial<Omit<InstanceFact['lifecycle'], 'desired'>> & { desired?: Partial<Lifecycle['desired']> } = {},
  removedAt: Date | null = null,
): InstanceFact => ({
  id,
  projectId: project,
  manifest: { resources: { cpus: 0.4 } },
  removedAt,
  lifecycle: { ...INITIAL_LIFECYCLE, ...lifecycle, desired: { ...INITIAL_LIFECYCLE.desired, ...lifecycle.desired } },
});

const used = (sut: LedgerDraft): number[] => {
  const { instances, replicas, cpus, memoryMiB, runs } = sut.overview();
  return [instances, replicas, cpus, memoryMiB, runs].map((state) => state.used);
};

describe('LedgerDraft', () => {
  it('takes all of a claim or nothing, and names every quota that is in the way', () => {
    const sut = draft();
    const id = newId<AgentInstanceId>();
    sut.claim([seat(), running(id)]);
    const three = [seat(), seat(), seat()];
    const more = [...three, running(newId<AgentInstanceId>(), 0, NOW, { cpus: 0.7, memoryMiB: 800 })];
    let error: unknown;
    try {
      sut.claim(more);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({
      code: 'QUOTA_EXCEEDED',
      details: { quota: 'instances', scope: 'tenant', limit: 3, used: 1, asked: 3, left: 2 },
      faults: [{ pointer: 'instances' }, { pointer: 'cpus' }, { pointer: 'memoryMiB' }],
    });
    expect(used(sut)).toEqual([1, 1, 0.4, 512, 0]);
  });

  it('does not ask for the same again, and counts fractions as people do', () => {
    const sut = draft();
    const id = newId<AgentInstanceId>();
    sut.claim([running(id, 0, NOW, { cpus: 0.1 })]);
    sut.claim([running(id, 1, NOW, { cpus: 0.1 })]);
    sut.claim([running(newId<AgentInstanceId>(), 0, NOW, { cpus: 0.2 })]);
    expect(sut.overview().cpus).toMatchObject({ used: 0.3, left: 0.7 });
  });

  it('limits a project within its tenant, whichever is narrower', () => {
    const sut = draft();
    sut.setProjectLimits(project, { instances: 1, runs: 9 }, {} as never);
    sut.claim([seat()]);
    expect(() => {
      sut.claim([seat()]);
    }).toThrow(/project's quota of instances is 1, 1 of it used/);
    sut.claim([seatHolding(newId<AgentInstanceId>(), other, NOW), seatHolding(newId<AgentInstanceId>(), other, NOW)]);
    expect(sut.overview(other).instances).toMatchObject({ limit: 3, used: 2, left: 0, own: null });
    expect(sut.overview(project).runs).toMatchObject({ limit: 2, own: 9 });
  });

  it('stops nothing when a limit is lowered below what is used, and refuses more', () => {
    const sut = draft();
    const id = newId<AgentInstanceId>();
    sut.claim([seat(), seat(), running(id)]);
    sut.setLimits({ instances: 1, replicas: 0 }, {} as never);
    expect(sut.overview().instances).toEqual({ limit: 1, used: 2, left: 0, own: 1 });
    expect(() => {
      sut.claim([seat()]);
    }).toThrow(/is 1, 2 of it used: 0 left/);
    sut.claim([running(id, 5)]);
  });

  it('gives back what came to rest, not what is wanted again', () => {
    const sut = draft();
    const [stopped, again, failing] = [newId<AgentInstanceId>(), newId<AgentInstanceId>(), newId<AgentInstanceId>()];
    sut.setLimits({ replicas: 9, cpus: 9, memoryMiB: 9000 }, {} as never);
    sut.claim([running(stopped, 0), running(again, 3), running(failing, 0)]);
    const rest = { state: 'stopped', desired: { state: 'stopped', generation: 3 } } as const;
    sut.settle(
      [
        fact(stopped, rest),
        fact(again, rest),
        fact(failing, { state: 'failed', retryAt: NOW, desired: { state: 'running' } }),
      ],
      NOW,
    );
    expect(sut.overview().replicas.used).toBe(2);
    sut.settle([fact(again, { ...rest, desired: { ...rest.desired, generation: 5 } })], NOW);
    sut.settle([fact(failing, { state: 'failed', retryAt: null, desired: { state: 'running', generation: 2 } })], NOW);
    expect(sut.overview().replicas.used).toBe(0);
  });

  it('gives back what an agent was scaled down by once it is gone, and nothing that is claimed for one to come', () => {
    const sut = draft();
    const id = newId<AgentInstanceId>();
    sut.setLimits({ replicas: 9, cpus: 9, memoryMiB: 9000 }, {} as never);
    const of = (replicas: number, generation: number): Holding =>
      runningHolding({ id, projectId: project, manifest: { resources: { cpus: 0.4 } } }, replicas, generation, NOW);
    const there = (desired: number, generation: number, ...states: ('running' | 'removing')[]): InstanceFact =>
      fact(id, {
        state: 'running',
        desired: { state: 'running', replicas: desired, generation },
        replicas: states.map((state, index) => ({ index, state })),
      });
    sut.claim([of(3, 1)]);
    sut.settle([there(1, 1, 'running')], NOW);
    expect(used(sut)).toEqual([0, 3, 1.2, 1536, 0]);
    sut.settle([there(3, 2, 'running')], NOW);
    expect(used(sut)).toEqual([0, 3, 1.2, 1536, 0]);
    sut.settle([there(1, 3, 'running', 'running', 'removing')], NOW);
    expect(used(sut)).toEqual([0, 3, 1.2, 1536, 0]);
    sut.settle([there(1, 3, 'running')], NOW);
    expect(used(sut)).toEqual([0, 1, 0.4, 512, 0]);
  });

  it('gives back step by step what comes to rest one after the other', () => {
    const sut = draft();
    const id = newId<AgentInstanceId>();
    sut.setLimits({ replicas: 9, cpus: 9, memoryMiB: 9000 }, {} as never);
    sut.claim([runningHolding({ id, projectId: project, manifest: {} }, 3, 1, NOW)]);
    const copies = [0, 1].map((index) => ({ index, state: 'running', companionId: null }) as const);
    const desired = { state: 'disabled', replicas: 3, generation: 2 } as const;
    sut.settle([fact(id, { state: 'running', desired, replicas: copies })], NOW);
    expect(sut.overview().replicas.used).toBe(2);
    sut.settle([fact(id, { state: 'stopped', desired, replicas: [] })], NOW);
    expect(sut.overview().replicas.used).toBe(0);
  });

  it('counts an agent whose first replica has given up as long as others run', () => {
    const sut = draft();
    const id = newId<AgentInstanceId>();
    sut.claim([running(id, 0, OLD)]);
    const given = { state: 'failed', retryAt: null, desired: { state: 'running', generation: 1 } } as const;
    const replicas = (state: 'running' | 'failed'): InstanceFact['lifecycle']['replicas'] => [
      { index: 0, state: 'failed' },
      { index: 1, state },
    ];
    sut.settle([fact(id, { ...given, replicas: replicas('running') })], NOW);
    expect(sut.overview().replicas.used).toBe(1);
    sut.settle([fact(id, { ...given, replicas: replicas('failed') })], NOW);
    expect(sut.overview().replicas.used).toBe(0);
  });

  it('keeps a claim whose write may still come, and no longer than that', () => {
    const sut = draft();
    sut.claim([seat(), runHolding(newId<RunId>(), project, NOW)]);
    sut.recount(NOTHING, NOW);
    expect(used(sut)).toEqual([1, 0, 0, 0, 1]);
    sut.recount(NOTHING, new Date(NOW.getTime() + GRACE_MS));
    expect(used(sut)).toEqual([0, 0, 0, 0, 0]);
  });

  it('forgets at once what has ended, and counts what is there without a claim', () => {
    const sut = draft();
    const [gone, there, waiting] = [newId<AgentInstanceId>(), newId<AgentInstanceId>(), newId<AgentInstanceId>()];
    const [ended, open] = [newId<RunId>(), newId<RunId>()];
    sut.claim([seat(gone), running(gone), runHolding(ended, project, NOW)]);
    sut.recount(
      {
        instances: [
          fact(gone, { state: 'removed', desired: { state: 'removed', generation: 1 } }, NOW),
          fact(there, { state: 'running', desired: { state: 'running', replicas: 2, generation: 1 } }),
        ],
        pending: [{ id: waiting, projectId: project }],
        runs: [
          { id: ended, projectId: project, open: false },
          { id: open, projectId: project, open: true },
        ],
      },
      NOW,
    );
    expect(used(sut)).toEqual([2, 2, 0.8, 1024, 1]);
  });

  it('keeps what a seat that waits for its agent was promised', () => {
    const sut = draft();
    const id = newId<AgentInstanceId>();
    sut.claim([seat(id, OLD), running(id, 0, OLD)]);
    sut.recount({ ...NOTHING, pending: [{ id, projectId: project }] }, NOW);
    expect(used(sut)).toEqual([1, 1, 0.4, 512, 0]);
  });

  it('writes only what changed', () => {
    const [kept, dropped] = [seat(), seat()];
    const first = draft();
    first.claim([kept, dropped]);
    const sut = new LedgerDraft(first.written, DEFAULTS, GRACE_MS);
    expect(sut.isChanged).toBe(false);
    const added = seat();
    sut.release([`seat:${dropped.id}`]);
    sut.claim([added]);
    expect(sut.change).toMatchObject({ put: [added], drop: [`seat:${dropped.id}`] });
    expect(sut.written.version).toBe(first.written.version + 1);
  });
});
