import type { ProblemCode } from '../errors/problem-catalogue.js';
import type { Step } from '../lifecycle/next-step.js';
import type { RunStatus, RunType } from '../runs/run.js';
import type { RuntimeFailure } from '../runtime/runtime-errors.js';

/** What became of an engine call. `agent`: the agent inside was at fault, not the engine. `other`: it was called off, or has a fault of its own. */
export type EngineOutcome = 'ok' | RuntimeFailure | 'agent' | 'other';

/** What became of a step. `superseded`: the lease was lost, or the outbox is full. `other`: nothing that has a code. */
export type StepOutcome = 'ok' | ProblemCode | 'superseded' | 'other';

/** What became of the work on one instance. */
export type ReconcileOutcome = 'done' | 'lease-lost' | 'outbox-full' | 'broken-off';

/**
 * What the pool had for an agent: a warm container, or none though one like that can wait. `ineligible`: none is ever claimed for
 * an agent like that, or into such a workspace.
 */
export const POOL_OUTCOMES = ['hit', 'miss', 'ineligible'] as const;
export type PoolOutcome = (typeof POOL_OUTCOMES)[number];

/**
 * Told of what is worth measuring and no domain event says. Nothing here waits, fails, or names a tenant, an agent or a text:
 * every argument that is not a number is one of a few words. Durations are in seconds.
 */
export abstract class Telemetry {
  /** `call` is the name of a method of ContainerRuntime. */
  abstract engineCalled(call: string, outcome: EngineOutcome, seconds: number): void;
  /** Whether the engine answers. */
  abstract engineSeen(answers: boolean): void;
  /** Work on an instance began, so long after it was due. */
  abstract instanceTaken(lagSeconds: number): void;
  abstract stepped(step: Step['kind'], outcome: StepOutcome, seconds: number): void;
  abstract reconciled(outcome: ReconcileOutcome): void;
  /** An agent runs for the first time since it was asked to. */
  abstract agentSpawned(seconds: number): void;
  abstract runEnded(type: RunType, status: RunStatus, seconds: number): void;
  /** The first attempt to start an agent that has no container, where there is a pool. */
  abstract poolClaimed(outcome: PoolOutcome): void;
  /** Every instance was compared with the engine. */
  abstract resynced(seconds: number): void;
  /** This process has appended entries to the event log. */
  abstract eventsLogged(entries: number): void;
}
