import type { AgentSnapshotId } from '../ids.js';
import type { SecretVersion } from '../secrets/secret-vault.js';
import type { ProblemCode } from '../errors/problem-catalogue.js';
import type { Actor } from '../events/actor.js';
import type { DesiredState, LifecycleAction, LifecycleState } from './lifecycle-states.js';

/** Why an instance is not as desired, and what to do about it. */
export interface LifecycleError {
  readonly code: ProblemCode;
  readonly message: string;
  readonly recovery: string;
}

export interface Desired {
  readonly state: DesiredState;
  readonly replicas: number;
  /** Raised by every request. */
  readonly generation: number;
  /** Raised by every restart. */
  readonly restartToken: number;
  readonly requestedAt: Date | null;
  readonly requestedBy: Actor | null;
}

/** What somebody asked for, and why. */
export interface LifecycleRequest {
  /** The one that it made. */
  readonly generation: number;
  readonly action: LifecycleAction;
  readonly by: Actor;
  /** In their own words; null: they gave none. */
  readonly reason: string | null;
}

export type ReplicaHealth = 'unknown' | 'healthy' | 'unhealthy';

/** How a replica beside the first fares. For replica 0 the instance itself says these things. */
export interface ReplicaCondition {
  readonly error: LifecycleError | null;
  /** In a row, since it last ran well. */
  readonly failures: number;
  /** When it is tried again; null: at once, or not at all. */
  readonly retryAt: Date | null;
  /** The newest generation that was dealt with for it, reached or failed. */
  readonly observedGeneration: number;
  readonly healthCheck: Pick<HealthCheck, 'failures' | 'detail'>;
}

/** A secret of a running copy: the file of that variable's name. */
export interface ReplicaSecret {
  readonly variable: string;
  /** The secret's. */
  readonly name: string;
  /** What it was given at its last start, and has until the next; null: nothing yet. */
  readonly given: SecretVersion | null;
}

/** One running copy of an instance. */
export interface Replica {
  /** 0 is the one whose state is the agent's. Which ones serve: servingReplicas. */
  readonly index: number;
  /** Which engine runs it: the runtime's name for now. */
  readonly operator: string;
  readonly containerId: string | null;
  /** null: it has not been given one yet. */
  readonly containerName: string | null;
  /** @default null: it has none; see CompanionSpec */
  readonly companionId?: string | null;
  /** Hash of everything the container was made from; another hash means it has to be made anew. */
  readonly specDigest: string;
  /** The restart token that this container's start obeyed. */
  readonly restartToken: number;
  /** The revision its agent-server is configured with; 0 before the first. An older one is brought up to date. */
  readonly configuredRevision: number;
  /** Those that its container has a place for. @default none */
  readonly secrets?: readonly ReplicaSecret[];
  /** Main process id on its host while running, else null. */
  readonly pid: number | null;
  readonly state: LifecycleState;
  readonly health: ReplicaHealth;
  readonly startedAt: Date | null;
  /** How Muster reaches it, for people: `unix` or `exec`. Never an address a client could use. */
  readonly endpoint: string | null;
  /** Of every replica but the first. */
  readonly condition?: ReplicaCondition;
}

export interface Transition {
  readonly from: LifecycleState;
  readonly to: LifecycleState;
  readonly at: Date;
  /** A code or a short phrase made by Muster. */
  readonly reason: string;
  /** Of the first one that a request led to. */
  readonly request?: LifecycleRequest;
}

/**
 * Who works on an instance just now. `epoch` rises with every new holder, and every write of a holder names it. A
 * released lease stays, with `until` in the past, so that its epoch is never given twice.
 */
export interface Lease {
  readonly owner: string;
  readonly epoch: number;
  readonly until: Date;
}

/**
 * asleep: wanted to run, and stopped because nobody used it. waking: somebody uses it again, and waits until it runs.
 * It is beside the state, not one of it: to the state table an agent that sleeps is stopped.
 */
export type Sleep = 'asleep' | 'waking';

/** Somebody is using the agent, and says so again and again: past `until` it is believed to be gone. */
export interface UseHold {
  readonly id: string;
  readonly until: Date;
}

/** The periodic checks of an agent that runs. */
export interface HealthCheck {
  /** When somebody has to look next; who moves it on is who looks. null: it does not run. */
  readonly dueAt: Date | null;
  /** Failures in a row. */
  readonly failures: number;
  /** What was wrong the last time, in Muster's own words. */
  readonly detail: string | null;
}

/**
 * What an image reference was found to be when the agent was made, or, where nobody could tell then, when it first started. What is
 * known never changes afterwards; an id that was not known yet is added by the first start.
 */
export type PinnedImage = {
  /** As the manifest has it. */
  readonly reference: string;
  /** When it was looked up. */
  readonly at: Date;
  /** Does it need a companion, for it has no agent-server? Not there: nobody has noted it yet. */
  readonly companion?: boolean;
} & ImageIdentity;

/** The id is the engine's own, the digest that of the registry; at least one of them. */
export type ImageIdentity =
  | { readonly id: string; readonly digest?: string | null }
  /** The engine did not have it, its registry did. */
  | { readonly id: null; readonly digest: string };

/** What the workspace has to be filled with before the agent may start: a snapshot's archive, in place of all that is in it. */
export interface Seed {
  readonly snapshotId: AgentSnapshotId;
  /** The revision that asked for it, so that a later restore of the same snapshot is another one. */
  readonly revision: number;
}

/** Where on Muster's host a port of an agent's container is to be reached. */
export interface PortBinding {
  readonly containerPort: number;
  readonly hostIp: string;
  /** null: none was found yet. */
  readonly hostPort: number | null;
  /** Why nobody listens there; null: somebody does. */
  readonly error: LifecycleError | null;
}

/** Which Muster listens for an agent, and where. */
export interface PortBindings {
  readonly lease: { readonly owner: string; readonly until: Date };
  /** Kept when the lease ends, so that the next one listens on the same ports where it can. */
  readonly bindings: readonly PortBinding[];
}

export interface Lifecycle {
  readonly desired: Desired;
  /** The newest generation that the reconciler has dealt with, reached or failed. */
  readonly observedGeneration: number;
  readonly state: LifecycleState;
  /** These three mirror replica 0. */
  readonly containerId: string | null;
  readonly containerName: string | null;
  readonly startedAt: Date | null;
  readonly error: LifecycleError | null;
  /** By index. */
  readonly replicas: readonly Replica[];
  /** The last twenty, oldest first. */
  readonly transitions: readonly Transition[];
  /** Failures in a row since it last ran well: how long to wait before the next attempt. */
  readonly failures: number;
  /**
   * When the reconciler has to look: at once after a request, later when an attempt failed, null when nothing is to be
   * done. What it finds its work by.
   */
  readonly retryAt: Date | null;
  /** When the failed first replica is tried again, where the instance is due before that for another. null, or not there: at `retryAt`. */
  readonly firstRetryAt?: Date | null;
  readonly lease: Lease | null;
  readonly sleep: Sleep | null;
  /** The last use of any kind. Every use moves it: what only an unused agent may suffer is conditional on it. */
  readonly lastUsedAt: Date | null;
  readonly uses: readonly UseHold[];
  /** When it is destroyed unless it is in use or renewed; null: never. */
  readonly expiresAt: Date | null;
  readonly healthCheck: HealthCheck;
  /** null, or not there: nobody ever listened for it. */
  readonly ports?: PortBindings | null;
  /** Which Muster takes what the agent asks for. null, or not there: nobody ever did. */
  readonly uplink?: { readonly lease: { readonly owner: string; readonly until: Date } } | null;
  /** null, or not there: nothing is pinned yet, or the manifest names no image. */
  readonly image?: PinnedImage | null;
  /** The last one by an action. Not there: nobody has asked yet, or it was asked of an older Muster. */
  readonly request?: LifecycleRequest;
  /** null, or not there: the workspace is as it is to be. */
  readonly seed?: Seed | null;
}

/** How an instance begins: wanted by nobody to run, with no container. */
export const INITIAL_LIFECYCLE: Lifecycle = {
  desired: { state: 'enabled', replicas: 1, generation: 0, restartToken: 0, requestedAt: null, requestedBy: null },
  observedGeneration: 0,
  state: 'enabled',
  containerId: null,
  containerName: null,
  startedAt: null,
  error: null,
  replicas: [],
  transitions: [],
  failures: 0,
  retryAt: null,
  lease: null,
  sleep: null,
  lastUsedAt: null,
  uses: [],
  expiresAt: null,
  healthCheck: { dueAt: null, failures: 0, detail: null },
};
