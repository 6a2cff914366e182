import type { Configuration } from '../../platform/config/configuration.js';
import { DEFAULT_RESTART_POLICY, type RestartPolicy } from '../../domain/lifecycle/restart-policy.js';

/** The reconciler's times, all in ms, and how far an agent can be scaled. What a user may want to set is in Configuration; the rest is not. */
export class LifecycleSettings {
  /** How long a holder that died keeps an instance from others. */
  readonly leaseMs: number = 15_000;
  /** Well below a third of the lease, so that a slow database costs no lease. It is also how soon other processes' requests are noticed. */
  readonly renewEveryMs: number = 3_000;
  /** For one engine call. Shorter than the lease, so that no call of a past holder is still on its way. */
  readonly callTimeoutMs: number = 10_000;
  /** For finding an image, which may have to be pulled; it changes no container, so it may outlast a lease. */
  readonly imageTimeoutMs: number = 300_000;
  /** For finding out what an image is while an agent is made, of the engine and then of a registry: together less than a request waits for its agents. */
  readonly imageFindMs: number = 2_000;
  readonly registryAskMs: number = 3_000;
  /** How many registries are asked at once. */
  readonly registryQuestions: number = 32;
  /** How long one of these that gave no answer in that time is not asked again. */
  readonly imageSilenceMs: number = 10_000;
  /** How often to look for what other processes asked for, and for what the time made due: retries, health checks, agents that nobody serves. */
  readonly pollMs: number = 1_000;
  /** How often to compare everything with the engine. */
  readonly resyncMs: number = 30_000;
  /** How long a container may have no instance before it is taken for an orphan. */
  readonly orphanGraceMs: number = 60_000;
  /** Instances worked on at once. */
  readonly concurrency: number = 8;
  /** Copies of one instance that have the engine do something for them at once. Those that only wait, as for an agent to become healthy, do not count. */
  readonly replicasAtOnce: number = 5;
  /** For one copy to open a connection where another could be asked: it may hang, and no check have shown that yet. */
  readonly replicaPatienceMs: number = 3_000;
  /** First wait after the engine did not answer; twice as long each time. */
  readonly engineRetryMs: number = 250;
  readonly engineRetryLongestMs: number = 5_000;
  /** How often who waits for agents looks for what other processes wrote. */
  readonly waiterPollMs: number = 200;
  /** Health checks that one process makes at once; those of agents that hang take long. */
  readonly healthAtOnce: number = 32;
  /** How long a Muster that fell silent is believed to listen on an agent's ports. */
  readonly portLeaseMs: number = 8_000;
  /** How long an agent is believed to be in use by a process that fell silent. */
  readonly useMs: number = 30_000;
  readonly useRenewEveryMs: number = 8_000;
  /** How long shutting down waits for work in hand. */
  readonly shutdownMs: number = 10_000;
  readonly policy: RestartPolicy = DEFAULT_RESTART_POLICY;
  /** Copies of one agent. */
  readonly maxReplicas: number = 10;

  constructor(overrides: Partial<LifecycleSettings> = {}) {
    Object.assign(this, overrides);
  }

  static from({ maxReplicas }: Configuration): LifecycleSettings {
    return new LifecycleSettings({ maxReplicas });
  }
}
