import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model, mongo } from 'mongoose';
import { LIFECYCLE_STATES, type LifecycleState } from '../../domain/lifecycle/lifecycle-states.js';
import { FleetCensus, type Census } from '../../domain/telemetry/fleet-census.js';
import { AGENT_INSTANCE_MODEL, type AgentInstanceRecord } from '../agent-instances/agent-instance.schema.js';
import { driverCollection } from '../database/driver-collection.js';

interface StateCount {
  readonly _id: LifecycleState;
  readonly count: number;
  /** Milliseconds since they started; null where none has. */
  readonly shortest: number | null;
  readonly mean: number | null;
  readonly longest: number | null;
}

type ReplicaCount = Pick<StateCount, '_id' | 'count'>;

interface DueCount {
  readonly count: number;
  readonly since: Date;
}

type State = keyof Census['states'];
const STATES = LIFECYCLE_STATES.filter((state): state is State => state !== 'removed');

@Injectable()
export class MongoFleetCensus extends FleetCensus {
  private readonly instances: mongo.Collection<AgentInstanceRecord>;

  constructor(@InjectModel(AGENT_INSTANCE_MODEL) model: Model<AgentInstanceRecord>) {
    super();
    this.instances = driverCollection(model);
  }

  async take(): Promise<Census> {
    const now = new Date();
    const [byState, [due], replicas] = await Promise.all([
      this.countStates(now),
      this.countDue(now),
      this.countReplicas(),
    ]);
    const counts = new Map(byState.map(({ _id, count }) => [_id, count]));
    const running = byState.find(({ _id }) => _id === 'running');
    return {
      states: allStates(counts),
      replicas: allStates(new Map(replicas.map(({ _id, count }) => [_id, count]))),
      uptime:
        running?.mean == null
          ? null
          : {
              shortest: seconds(running.shortest),
              mean: seconds(running.mean),
              longest: seconds(running.longest),
            },
      due: { count: due?.count ?? 0, longestSeconds: due === undefined ? 0 : seconds(now.getTime() - +due.since) },
    };
  }

  private async countStates(now: Date): Promise<StateCount[]> {
    const age = { $subtract: [now, '$lifecycle.startedAt'] };
    return this.instances
      .aggregate<StateCount>([
        { $match: { 'lifecycle.state': { $in: STATES } } },
        {
          $group: {
            _id: '$lifecycle.state',
            count: { $sum: 1 },
            shortest: { $min: age },
            mean: { $avg: age },
            longest: { $max: age },
          },
        },
      ])
      .toArray();
  }

  private async countReplicas(): Promise<ReplicaCount[]> {
    return this.instances
      .aggregate<ReplicaCount>([
        { $match: { 'lifecycle.state': { $in: STATES } } },
        { $unwind: '$lifecycle.replicas' },
        { $group: { _id: '$lifecycle.replicas.state', count: { $sum: 1 } } },
      ])
      .toArray();
  }

  /** The same as LifecycleRecords.findDue finds. */
  private async countDue(now: Date): Promise<DueCount[]> {
    return this.instances
      .aggregate<DueCount>([
        {
          $match: {
            'lifecycle.retryAt': { $lte: now },
            'lifecycle.lease.until': { $not: { $gt: now } },
            removedAt: null,
          },
        },
        { $group: { _id: null, count: { $sum: 1 }, since: { $min: '$lifecycle.retryAt' } } },
      ])
      .toArray();
  }
}

const allStates = (counts: ReadonlyMap<LifecycleState, number>): Record<State, number> =>
  Object.fromEntries(STATES.map((state) => [state, counts.get(state) ?? 0])) as Record<State, number>;

/** A container's clock may be a little ahead. */
const seconds = (ms: number | null): number => Math.max(0, ms ?? 0) / 1000;
