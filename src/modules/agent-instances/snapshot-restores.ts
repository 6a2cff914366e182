import { Injectable } from '@nestjs/common';
import type { AgentInstance } from '../../domain/agent-instances/agent-instance.js';
import { CHANGEABLE_FIELDS } from '../../domain/agent-instances/agent-instance.js';
import { AgentInstances } from '../../domain/agent-instances/agent-instances.repository.js';
import { InstanceRevisions } from '../../domain/agent-instances/instance-revisions.repository.js';
import type { AgentSnapshot } from '../../domain/agent-snapshots/agent-snapshot.js';
import { InvalidTransitionError } from '../../domain/errors/invalid-transition.error.js';
import { PreconditionFailedError } from '../../domain/errors/precondition-failed.error.js';
import { domainEvent, type DomainEvent } from '../../domain/events/domain-events.js';
import { runningHolding } from '../../domain/quotas/holding.js';
import { QuotaGate } from '../../domain/quotas/quota-gate.js';
import { againWhenOvertaken } from '../../platform/again-when-overtaken.js';
import { digestOf } from '../../platform/crypto/digest.js';
import { InstanceEdits, type EditOptions } from './instance-edits.js';
import { revisionOf } from './revision-of.js';
import { committedImageOf } from './snapshot.js';

export interface RestoreOptions extends Pick<EditOptions, 'actor' | 'ifMatch'> {
  /** In the words of who asks. */
  readonly reason?: string | undefined;
}

export interface Restored {
  readonly instance: AgentInstance;
  /** Written, and not told of yet. */
  readonly event: DomainEvent<'agent.snapshot.restored'>;
}

/** Makes agents what they were in a snapshot. The document first; the lifecycle then sees to workspace and container. */
@Injectable()
export class SnapshotRestores {
  constructor(
    private readonly instances: AgentInstances,
    private readonly revisions: InstanceRevisions,
    private readonly edits: InstanceEdits,
    private readonly quotas: QuotaGate,
  ) {}

  /**
   * @throws NotFoundError, PreconditionFailedError, InvalidTransitionError, QuotaExceededError, ConcurrentUpdateError,
   * OutboxFullError
   */
  async restore(snapshot: AgentSnapshot, { actor, ifMatch, reason }: RestoreOptions): Promise<Restored> {
    const { instanceId, tenantId, projectId, blueprint } = snapshot;
    return againWhenOvertaken(async () => {
      const head = await this.edits.head(instanceId, tenantId, projectId);
      const { instance } = head;
      const { revision } = instance;
      if (ifMatch !== undefined && ifMatch !== revision) {
        throw new PreconditionFailedError('agent instance', instanceId, `revision ${revision}`);
      }
      await this.claim(instance);
      const at = new Date();
      const event = restoredEvent(snapshot, instance, { actor, reason });
      // Should this be all that happens, nothing is wrong: the history then holds what the head still says.
      await this.revisions.insertOnce(revisionOf(head));
      const write = {
        blueprint,
        image: committedImageOf(snapshot, at),
        seed: { snapshotId: snapshot.id, revision: revision + 1 },
        change: { by: actor, at, fields: changedBy(snapshot, instance) },
        event,
      };
      return { instance: await this.instances.restore(instance, write), event };
    });
  }

  /** One that is to run and has been given up is tried again by this. @throws InvalidTransitionError, QuotaExceededError */
  private async claim(instance: AgentInstance): Promise<void> {
    const { state, desired } = instance.lifecycle;
    if (desired.state === 'removed') throw new InvalidTransitionError(`The agent ${instance.id}`, state, 'running');
    if (desired.state !== 'running' && desired.state !== 'paused') return;
    await this.quotas.claim(instance.tenantId, [runningHolding(instance, desired.replicas, desired.generation)]);
  }
}

const changedBy = ({ blueprint }: AgentSnapshot, instance: AgentInstance): readonly string[] =>
  CHANGEABLE_FIELDS.filter(
    (field) => field === 'workspace' || digestOf(blueprint[field]) !== digestOf(instance[field]),
  );

const restoredEvent = (
  snapshot: AgentSnapshot,
  { id, tenantId, revision, lifecycle }: AgentInstance,
  { actor, reason }: Pick<RestoreOptions, 'actor' | 'reason'>,
): Restored['event'] =>
  domainEvent(
    'agent.snapshot.restored',
    { tenantId, actor, subject: { type: 'agent-instance', id } },
    {
      snapshotId: snapshot.id,
      instanceId: id,
      revision: revision + 1,
      restoredRevision: snapshot.revision,
      generation: lifecycle.desired.generation + 1,
      digest: snapshot.blueprintDigest,
      archiveSha256: snapshot.archive?.sha256 ?? '',
      ...(reason === undefined ? {} : { reason }),
    },
  );
