import {
  CHANGEABLE_FIELDS,
  EDITABLE_FIELDS,
  workspacePathOf,
  type AgentInstance,
} from '../../domain/agent-instances/agent-instance.js';
import type { NewAgentInstance } from '../../domain/agent-instances/agent-instances.repository.js';
import type { AgentSnapshot } from '../../domain/agent-snapshots/agent-snapshot.js';
import { domainEvent, type DomainEvent } from '../../domain/events/domain-events.js';
import { INITIAL_LIFECYCLE, type Lifecycle, type PinnedImage } from '../../domain/lifecycle/lifecycle.js';
import { upkeepOf } from '../../domain/lifecycle/upkeep.js';
import type { Project, RoleAssignment } from '../../domain/projects/project.js';
import type { Manifest } from '../../domain/templates/manifest.js';
import type { TemplateVersion } from '../../domain/templates/template.js';

/** What images turned out to be, by their references. */
export type Pins = ReadonlyMap<string, PinnedImage>;

/** A full copy of the template version for this seat: no later edit of the template reaches it, and no later move of its image's tag. */
export function snapshotOf(
  project: Project,
  seat: RoleAssignment,
  template: TemplateVersion,
  pins: Pins,
): NewAgentInstance {
  const now = new Date();
  const { content } = template;
  const image = pinOf(content.manifest, pins);
  const about = {
    tenantId: project.tenantId,
    actor: seat.assignedBy,
    subject: { type: 'agent-instance', id: seat.instanceId } as const,
  };
  const created = domainEvent('agent-instance.created', about, {
    instanceId: seat.instanceId,
    projectId: project.id,
    templateId: seat.templateId,
    templateVersion: seat.templateVersion,
    templateDigest: template.digest,
    ...(seat.spawn === undefined ? {} : { profile: seat.spawn.profile, manifestDigest: seat.spawn.manifestDigest }),
    ...imageTold(content.manifest, image),
  });
  const starts = project.autostart || seat.spawn !== undefined;
  return {
    instance: {
      ...seatOf(project, seat, now),
      templateDigest: template.digest,
      displayName: seat.displayName ?? content.displayName,
      tags: [...new Set([...content.tags, ...seat.tags])],
      soul: content.soul,
      aieos_identity: content.aieos_identity,
      systemPrompt: content.systemPrompt,
      tools: content.tools,
      config: content.config,
      manifest: content.manifest,
      lifecycle: {
        ...withTimeToLive(starts ? startedBy(seat, now) : INITIAL_LIFECYCLE, content.manifest, now),
        ...(image === null ? {} : { image }),
      },
    },
    lastChange: { by: seat.assignedBy, at: now, fields: EDITABLE_FIELDS },
    events: starts ? [created, startRequested(seat, about)] : [created],
  };
}

/** A full copy of an agent as a snapshot has it, which is made from nothing else. Its workspace follows before it starts. */
export function forkOf(project: Project, seat: RoleAssignment, snapshot: AgentSnapshot, pins: Pins): NewAgentInstance {
  const now = new Date();
  const { blueprint, archive } = snapshot;
  const { signedOrigin = null, reason } = seat.forkedFrom ?? {};
  const image = committedImageOf(snapshot, now) ?? pinOf(blueprint.manifest, pins);
  const about = {
    tenantId: project.tenantId,
    actor: seat.assignedBy,
    subject: { type: 'agent-instance', id: seat.instanceId } as const,
  };
  const forked = domainEvent('agent.forked', about, {
    instanceId: seat.instanceId,
    projectId: project.id,
    snapshotId: snapshot.id,
    origin: snapshot.instanceId,
    originRevision: snapshot.revision,
    digest: snapshot.blueprintDigest,
    archiveSha256: archive?.sha256 ?? '',
    originManifestDigest: signedOrigin?.manifestDigest ?? null,
    ...(reason === undefined ? {} : { reason }),
    ...imageTold(blueprint.manifest, image),
  });
  const begun = withTimeToLive(project.autostart ? startedBy(seat, now) : INITIAL_LIFECYCLE, blueprint.manifest, now);
  return {
    instance: {
      ...seatOf(project, seat, now),
      ...blueprint,
      templateDigest: snapshot.templateDigest,
      displayName: seat.displayName ?? blueprint.displayName,
      ...(signedOrigin === null ? {} : { signedOrigin }),
      lifecycle: {
        ...begun,
        retryAt: now,
        seed: { snapshotId: snapshot.id, revision: 1 },
        ...(image === null ? {} : { image }),
      },
    },
    lastChange: { by: seat.assignedBy, at: now, fields: CHANGEABLE_FIELDS },
    events: project.autostart ? [forked, startRequested(seat, about)] : [forked],
  };
}

/** An agent from a snapshot of target image runs from that image, whatever its manifest names; null: it is of no such target. */
export const committedImageOf = ({ image }: AgentSnapshot, at: Date): PinnedImage | null =>
  image === null ? null : { reference: image.reference, id: image.id, digest: null, at };

/** null: the manifest names none, or nobody could tell what it is. */
const pinOf = ({ image }: Manifest, pins: Pins): PinnedImage | null =>
  image === undefined ? null : (pins.get(image) ?? null);

/** Its name is told by the digest of what the agent is made from. */
const imageTold = ({ image }: Manifest, pin: PinnedImage | null) =>
  image === undefined && pin === null ? {} : { imageId: pin?.id ?? null, imageDigest: pin?.digest ?? null };

/**
 * What stands in for an instance that was to be removed before it was made: a late insert of the snapshot then finds
 * that the id exists.
 */
export function tombstoneOf(project: Project, seat: RoleAssignment): NewAgentInstance {
  const now = new Date();
  return {
    instance: {
      ...seatOf(project, seat, now),
      templateDigest: '',
      displayName: seat.displayName ?? seat.identifier,
      tags: [],
      soul: '',
      aieos_identity: null,
      systemPrompt: '',
      tools: [],
      config: { model: '', provider: '', skills: '', canWriteCode: false, mcpServers: [] },
      manifest: {},
      lifecycle: {
        ...INITIAL_LIFECYCLE,
        desired: { ...INITIAL_LIFECYCLE.desired, state: 'removed', generation: 1, requestedAt: now },
        observedGeneration: 1,
        state: 'removed',
      },
      removedAt: now,
    },
    lastChange: { by: seat.assignedBy, at: now, fields: [] },
    events: [],
  };
}

const seatOf = (project: Project, seat: RoleAssignment, now: Date) =>
  ({
    id: seat.instanceId,
    projectId: project.id,
    tenantId: project.tenantId,
    templateId: seat.templateId,
    templateVersion: seat.templateVersion,
    role: seat.role,
    identifier: seat.identifier,
    pid: null,
    status: 'idle',
    openRuns: [],
    workspacePath: workspacePathOf(project.id, seat.instanceId),
    revision: 1,
    createdAt: now,
    updatedAt: now,
    removedAt: null,
    ...(seat.spawn === undefined ? {} : { spawn: seat.spawn }),
  }) satisfies Partial<AgentInstance>;

const startRequested = (
  { instanceId }: RoleAssignment,
  about: Parameters<typeof domainEvent>[1],
): DomainEvent<'lifecycle.requested'> =>
  domainEvent('lifecycle.requested', about, { instanceId, action: 'start', desired: 'running', generation: 1 });

const startedBy = (seat: RoleAssignment, now: Date): Lifecycle => ({
  ...INITIAL_LIFECYCLE,
  desired: {
    ...INITIAL_LIFECYCLE.desired,
    state: 'running',
    generation: 1,
    requestedAt: now,
    requestedBy: seat.assignedBy,
  },
  request: { generation: 1, action: 'start', by: seat.assignedBy, reason: null },
  retryAt: now,
});

/** The reconciler looks at it when its time is over, if not before. */
function withTimeToLive(lifecycle: Lifecycle, manifest: Manifest, now: Date): Lifecycle {
  const { ttlMs } = upkeepOf(manifest);
  if (ttlMs === null) return lifecycle;
  const expiresAt = new Date(now.getTime() + ttlMs);
  return { ...lifecycle, expiresAt, retryAt: lifecycle.retryAt ?? expiresAt };
}
