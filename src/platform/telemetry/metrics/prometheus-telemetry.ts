import { Injectable } from '@nestjs/common';
import type { RunStatus, RunType } from '../../../domain/runs/run.js';
import type { Step } from '../../../domain/lifecycle/next-step.js';
import {
  POOL_OUTCOMES,
  Telemetry,
  type EngineOutcome,
  type PoolOutcome,
  type ReconcileOutcome,
  type StepOutcome,
} from '../../../domain/telemetry/telemetry.js';
import { MetricsRegistry } from './metrics-registry.js';

/** In seconds: from an engine call to a start that pulls an image. */
const SHORT = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const LONG = [0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 20, 30, 60, 120, 300];

/** What this process did, for Prometheus. Counts of several processes add up to what all of them did. */
@Injectable()
export class PrometheusTelemetry extends Telemetry {
  private readonly engineCalls;
  private readonly lag;
  private readonly steps;
  private readonly reconciles;
  private readonly spawns;
  private readonly runs;
  private readonly claims;
  private readonly resyncs;
  private readonly logged;
  private engineAnswers: boolean | null = null;

  constructor(registry: MetricsRegistry) {
    super();
    this.spawns = registry.histogram({
      name: 'agent_manager_agent_spawn_duration_seconds',
      help: 'From the request until the agent runs, where the first attempt succeeded',
      buckets: LONG,
    });
    this.lag = registry.histogram({
      name: 'agent_manager_reconcile_lag_seconds',
      help: 'How long an agent was due before this process began to work on it',
      buckets: [...SHORT, 30, 60],
    });
    this.reconciles = registry.counter({
      name: 'agent_manager_reconciles_total',
      help: 'Times that this process worked on an agent, by what became of it',
      labels: ['outcome'],
    });
    this.steps = registry.histogram({
      name: 'agent_manager_reconcile_step_duration_seconds',
      help: 'Steps of the work on agents; outcome is ok or the code of the failure',
      labels: ['step', 'outcome'],
      buckets: [...SHORT, 30, 60, 300],
    });
    this.engineCalls = registry.histogram({
      name: 'agent_manager_engine_call_duration_seconds',
      help: 'Calls to the container engine; outcome is ok or the kind of the failure',
      labels: ['call', 'outcome'],
      buckets: [...SHORT, 30],
    });
    this.runs = registry.histogram({
      name: 'sandbox_run_duration_seconds',
      help: 'Runs that ended, from their begin (from being queued, where they never began)',
      labels: ['type', 'status'],
      buckets: LONG,
    });
    this.claims = registry.counter({
      name: 'agent_manager_pool_claims_total',
      help: 'First starts that found a warm container (hit), that did not (miss), and that no pool can serve (ineligible); only where there is a pool',
      labels: ['outcome'],
    });
    // A rate needs a first value to rise from.
    for (const outcome of POOL_OUTCOMES) this.claims({ outcome }, 0);
    this.resyncs = registry.histogram({
      name: 'agent_manager_resync_duration_seconds',
      help: 'Comparing every agent with the container engine',
      buckets: [...SHORT, 30, 60],
    });
    this.logged = registry.counter({
      name: 'agent_manager_event_log_entries_total',
      help: 'Entries that this process has appended to event logs',
    });
    registry.gauge({ name: 'agent_manager_engine_up', help: '1: the container engine answers this process' }, () =>
      this.engineAnswers === null ? [] : [{ labels: {}, value: Number(this.engineAnswers) }],
    );
  }

  engineCalled(call: string, outcome: EngineOutcome, seconds: number): void {
    this.engineCalls({ call, outcome }, seconds);
  }

  engineSeen(answers: boolean): void {
    this.engineAnswers = answers;
  }

  instanceTaken(lagSeconds: number): void {
    this.lag({}, lagSeconds);
  }

  stepped(step: Step['kind'], outcome: StepOutcome, seconds: number): void {
    this.steps({ step, outcome }, seconds);
  }

  reconciled(outcome: ReconcileOutcome): void {
    this.reconciles({ outcome });
  }

  agentSpawned(seconds: number): void {
    this.spawns({}, seconds);
  }

  runEnded(type: RunType, status: RunStatus, seconds: number): void {
    this.runs({ type, status }, seconds);
  }

  poolClaimed(outcome: PoolOutcome): void {
    this.claims({ outcome });
  }

  resynced(seconds: number): void {
    this.resyncs({}, seconds);
  }

  eventsLogged(entries: number): void {
    this.logged({}, entries);
  }
}
