import type { LifecycleState } from '../lifecycle/lifecycle-states.js';

/** All agents of all tenants, counted. */
export interface Census {
  /** Those that are removed are not counted. */
  readonly states: Readonly<Record<Exclude<LifecycleState, 'removed'>, number>>;
  /** Their replicas: those on record, running or not. */
  readonly replicas: Readonly<Record<Exclude<LifecycleState, 'removed'>, number>>;
  /** How long those that run have been running, in seconds; null when none runs. */
  readonly uptime: { readonly shortest: number; readonly mean: number; readonly longest: number } | null;
  /** Those that the reconcilers have to look at, and nobody works on. */
  readonly due: { readonly count: number; readonly longestSeconds: number };
}

/** Counts the agents, as the database has them: the same answer for every process. */
export abstract class FleetCensus {
  abstract take(): Promise<Census>;
}
