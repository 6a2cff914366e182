import {
  Telemetry,
  type EngineOutcome,
  type PoolOutcome,
  type ReconcileOutcome,
  type StepOutcome,
} from '../../src/domain/telemetry/telemetry.js';

/** Keeps what it is told. */
export class RecordingTelemetry extends Telemetry {
  readonly steps: [string, StepOutcome][] = [];
  readonly reconciles: ReconcileOutcome[] = [];
  readonly spawns: number[] = [];
  readonly runs: [string, string][] = [];
  readonly lags: number[] = [];
  readonly engineCalls: [string, EngineOutcome][] = [];
  engineAnswers: boolean | null = null;
  readonly poolClaims: PoolOutcome[] = [];
  resyncs = 0;
  logged = 0;

  engineCalled(call: string, outcome: EngineOutcome): void {
    this.engineCalls.push([call, outcome]);
  }

  engineSeen(answers: boolean): void {
    this.engineAnswers = answers;
  }

  instanceTaken(lagSeconds: number): void {
    this.lags.push(lagSeconds);
  }

  stepped(step: string, outcome: StepOutcome): void {
    this.steps.push([step, outcome]);
  }

  reconciled(outcome: ReconcileOutcome): void {
    this.reconciles.push(outcome);
  }

  agentSpawned(seconds: number): void {
    this.spawns.push(seconds);
  }

  runEnded(type: string, status: string): void {
    this.runs.push([type, status]);
  }

  poolClaimed(outcome: PoolOutcome): void {
    this.poolClaims.push(outcome);
  }

  resynced(): void {
    this.resyncs += 1;
  }

  eventsLogged(entries: number): void {
    this.logged += entries;
  }
}
