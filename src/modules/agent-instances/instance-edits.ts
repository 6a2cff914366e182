import { Injectable } from '@nestjs/common';
import { EDITABLE_FIELDS, type AgentInstance, type InstanceEdit } from '../../domain/agent-instances/agent-instance.js';
import {
  AgentInstances,
  type InstanceHead,
  type LastChange,
} from '../../domain/agent-instances/agent-instances.repository.js';
import { InstanceRevisions } from '../../domain/agent-instances/instance-revisions.repository.js';
import { NotFoundError } from '../../domain/errors/not-found.error.js';
import { PreconditionFailedError } from '../../domain/errors/precondition-failed.error.js';
import type { Actor } from '../../domain/events/actor.js';
import { domainEvent, type DomainEvent } from '../../domain/events/domain-events.js';
import type { AgentInstanceId, ProjectId, TenantId } from '../../domain/ids.js';
import { againWhenOvertaken } from '../../platform/again-when-overtaken.js';
import { digestOf } from '../../platform/crypto/digest.js';
import { DomainEventBus } from '../../platform/events/domain-event-bus.js';
import { revisionOf } from './revision-of.js';

export interface EditOptions {
  readonly actor: Actor;
  /** The revision that If-Match names; the edit is refused when it is not the present one. */
  readonly ifMatch?: number | undefined;
  /** The instance has to belong to it. */
  readonly projectId?: ProjectId;
  /** The edit brings this revision back. */
  readonly restores?: number;
}

/** Edits of instances. What an edit replaces is in the history before it is replaced. */
@Injectable()
export class InstanceEdits {
  constructor(
    private readonly instances: AgentInstances,
    private readonly revisions: InstanceRevisions,
    private readonly bus: DomainEventBus,
  ) {}

  /** @throws NotFoundError, PreconditionFailedError, ConcurrentUpdateError, OutboxFullError */
  async edit(
    id: AgentInstanceId,
    tenantId: TenantId,
    change: (current: AgentInstance) => InstanceEdit,
    options: EditOptions,
  ): Promise<AgentInstance> {
    return againWhenOvertaken(async () => {
      const head = await this.head(id, tenantId, options.projectId);
      const { revision } = head.instance;
      if (options.ifMatch !== undefined && options.ifMatch !== revision) {
        throw new PreconditionFailedError('agent instance', id, `revision ${revision}`);
      }
      return this.editHead(head, change(head.instance), options);
    });
  }

  /** The present revision, and who made it. @throws NotFoundError */
  async head(id: AgentInstanceId, tenantId: TenantId, projectId?: ProjectId): Promise<InstanceHead> {
    const head = await this.instances.findHead(id, tenantId);
    if (head?.instance.removedAt !== null || (projectId !== undefined && head.instance.projectId !== projectId)) {
      throw new NotFoundError('agent instance', id);
    }
    return head;
  }

  private async editHead(
    head: InstanceHead,
    edit: InstanceEdit,
    { actor, restores }: EditOptions,
  ): Promise<AgentInstance> {
    const { instance } = head;
    const fields = EDITABLE_FIELDS.filter(
      (field) => edit[field] !== undefined && digestOf(edit[field]) !== digestOf(instance[field]),
    );
    if (fields.length === 0) return instance;
    const change: LastChange = { by: actor, at: new Date(), fields };
    const event = eventOf(instance, edit, change, restores);
    // Should this be all that happens, nothing is wrong: the history then holds what the head still says.
    await this.revisions.insertOnce(revisionOf(head));
    const edited = await this.instances.edit(instance.id, instance.tenantId, instance.revision, {
      edit: Object.fromEntries(fields.map((field) => [field, edit[field]])),
      change,
      event,
    });
    this.bus.publish(event);
    return edited;
  }
}

function eventOf(
  instance: AgentInstance,
  edit: InstanceEdit,
  { by, fields }: LastChange,
  restores: number | undefined,
): DomainEvent<'agent-instance.edited' | 'agent-instance.restored'> {
  const about = {
    tenantId: instance.tenantId,
    actor: by,
    subject: { type: 'agent-instance', id: instance.id } as const,
  };
  const data = {
    instanceId: instance.id,
    revision: instance.revision + 1,
    digest: digestOf(editableOf({ ...instance, ...edit })),
  };
  return restores === undefined
    ? domainEvent('agent-instance.edited', about, { ...data, fields })
    : domainEvent('agent-instance.restored', about, { ...data, restoredRevision: restores });
}

const editableOf = ({ soul, aieos_identity, displayName, tags }: Required<InstanceEdit>): Required<InstanceEdit> => ({
  soul,
  aieos_identity,
  displayName,
  tags,
});
