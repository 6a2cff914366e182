type Filter = Record<string, unknown>;

/** What somebody does for agents under a lease of its own, and for which agents it is to be done. */
export interface Service {
  /** Where in the document it stands. */
  readonly field: 'lifecycle.ports' | 'lifecycle.uplink';
  /** As the index says it, too. */
  readonly isFor: Filter;
  /** What stands there beside the lease before anybody has done it. */
  readonly first: Filter;
}

export const PORTS: Service = {
  field: 'lifecycle.ports',
  isFor: { 'manifest.ports.0': { $exists: true } },
  first: { bindings: [] },
};
export const UPLINK: Service = {
  field: 'lifecycle.uplink',
  isFor: { 'manifest.network.mode': { $exists: true, $in: ['project', 'egress'] } },
  first: {},
};

export const IS_WANTED = { 'lifecycle.desired.state': 'running', removedAt: null } as const;

const FOLLOWER_SERVES = {
  $and: [
    { $gt: ['$$replica.index', 0] },
    { $lt: ['$$replica.index', '$lifecycle.desired.replicas'] },
    { $eq: ['$$replica.state', 'running'] },
    { $ne: ['$$replica.containerId', null] },
  ],
};

/** One of them holds where a replica can serve, as servingReplicas says, which also says which ones can. */
export const MAY_SERVE: readonly Filter[] = [
  { 'lifecycle.state': 'running' },
  {
    $expr: { $anyElementTrue: [{ $map: { input: '$lifecycle.replicas', as: 'replica', in: FOLLOWER_SERVES } }] },
    'lifecycle.desired.state': 'running',
    'lifecycle.state': { $ne: 'removing' },
    'lifecycle.seed': null,
    // Of an agent that falls asleep the others run on for a moment.
    'lifecycle.sleep': null,
  },
];

// Each only finds what may be due, so this process's clock will do: who takes it asks the database's.

export const stepDue = (now: Date): Filter => ({
  'lifecycle.retryAt': { $lte: now },
  'lifecycle.lease.until': { $not: { $gt: now } },
  removedAt: null,
});

export const healthCheckDue = (now: Date): Filter => ({ 'lifecycle.healthCheck.dueAt': { $lte: now } });

export const unserved = ({ field, isFor }: Service, now: Date): Filter => ({
  ...IS_WANTED,
  ...isFor,
  [`${field}.lease.until`]: { $not: { $gt: now } },
});
