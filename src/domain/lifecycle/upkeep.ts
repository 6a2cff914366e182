import { HEALTH_BOUNDS, IDLE_TIMEOUT_SECONDS, TTL_SECONDS } from '../templates/manifest-bounds.js';
import type { HealthProbe, HealthTiming, Manifest } from '../templates/manifest.js';

/** How an agent is looked after while it runs, and for how long it is there at all. Times in ms. */
export interface Upkeep {
  readonly probe: HealthProbe;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** So many failures in a row, and it is restarted. */
  readonly retries: number;
  /** Failures this soon after the start do not count. */
  readonly startPeriodMs: number;
  /** null: it never sleeps. */
  readonly idleMs: number | null;
  /** null: it is there until somebody destroys it. */
  readonly ttlMs: number | null;
}

/**
 * What a manifest says of it. Manifests are checked when they are written, so what cannot be used here (written by an
 * older Muster, or by hand) is as if it were not there.
 */
export function upkeepOf({ health, idleTimeoutSeconds, ttlSeconds }: Manifest): Upkeep {
  const timing = (name: keyof HealthTiming): number => {
    const { min, max, fallback } = HEALTH_BOUNDS[name];
    return within(health?.[name], { min, max }) ?? fallback;
  };
  return {
    probe: health ?? { kind: 'agent' },
    intervalMs: timing('intervalSeconds') * 1000,
    timeoutMs: timing('timeoutSeconds') * 1000,
    retries: Math.ceil(timing('retries')),
    startPeriodMs: timing('startPeriodSeconds') * 1000,
    idleMs: inMs(within(idleTimeoutSeconds, IDLE_TIMEOUT_SECONDS)),
    ttlMs: inMs(within(ttlSeconds, TTL_SECONDS)),
  };
}

const within = (value: unknown, { min, max }: { min: number; max: number }): number | null =>
  typeof value === 'number' && value >= min && value <= max ? value : null;

const inMs = (seconds: number | null): number | null => (seconds === null ? null : seconds * 1000);

/** A check in a few words, for people. */
export function nameOfProbe(probe: HealthProbe): string {
  switch (probe.kind) {
    case 'agent':
      return "agent-server's own answer";
    case 'http':
      return `GET :${probe.port}${probe.path ?? '/'}`;
    case 'tcp':
      return `a connection to port ${probe.port}`;
    case 'command':
      return probe.command.join(' ').slice(0, 80);
  }
}
