import type { SnapshotTarget } from '../agent-snapshots/agent-snapshot.js';
import type {
  AgentInstanceId,
  AgentSnapshotId,
  ApiKeyId,
  EventId,
  McpSessionId,
  ProjectId,
  RunId,
  SecretId,
  TemplateId,
  TenantId,
  TerminalId,
} from '../ids.js';
import { newId } from '../ids.js';
import type { DesiredState, LifecycleAction, LifecycleState } from '../lifecycle/lifecycle-states.js';
import type { McpSessionEnd } from '../mcp/mcp-session.js';
import type { SpawnProfile } from '../projects/spawn.js';
import type { Amounts } from '../quotas/quota.js';
import type { TerminalEnd } from '../terminals/terminal.js';
import type { CallRefusal } from '../runtime/uplink.js';
import type { Actor } from './actor.js';

/** What the image was when the agent was made; not there where its manifest names none, null where nobody could tell. */
interface ImageTold {
  imageId?: string | null;
  imageDigest?: string | null;
}

/**
 * Every event, by name. Payloads carry ids, enums, numbers and digests, never texts (but reasons) or documents: the log is kept for
 * ever, and what it held could not be taken back.
 */
export interface DomainEvents {
  'tenant.created': { tenantId: TenantId };
  'api-key.created': { apiKeyId: ApiKeyId; role: string };
  'api-key.revoked': { apiKeyId: ApiKeyId };

  'template.created': { templateId: TemplateId; version: number; digest: string };
  'template.version-created': { templateId: TemplateId; version: number; digest: string; previousDigest: string };
  'template.archived': { templateId: TemplateId; version: number };

  'project.created': { projectId: ProjectId; instanceIds: readonly AgentInstanceId[] };
  'project.updated': { projectId: ProjectId; fields: readonly string[] };
  'project.role-assigned': {
    projectId: ProjectId;
    instanceId: AgentInstanceId;
    templateId: TemplateId;
    templateVersion: number;
  };
  'project.role-unassigned': { projectId: ProjectId; instanceId: AgentInstanceId };
  'project.archived': { projectId: ProjectId };

  'agent-instance.created': {
    instanceId: AgentInstanceId;
    projectId: ProjectId;
    templateId: TemplateId;
    templateVersion: number;
    templateDigest: string;
    /** Of an agent that was spawned; the digest is that of the signed manifest, null without one. */
    profile?: SpawnProfile;
    manifestDigest?: string | null;
  } & ImageTold;
  'agent-instance.edited': {
    instanceId: AgentInstanceId;
    revision: number;
    fields: readonly string[];
    digest: string;
  };
  'agent-instance.restored': {
    instanceId: AgentInstanceId;
    revision: number;
    restoredRevision: number;
    digest: string;
  };

  'lifecycle.requested': {
    instanceId: AgentInstanceId;
    action: LifecycleAction;
    desired: DesiredState;
    generation: number;
    /** How many are wanted from now on: of a scale. */
    replicas?: number;
    /** Of who asked, in their own words: see docs/adr/0023. */
    reason?: string;
  };
  'lifecycle.transitioned': {
    instanceId: AgentInstanceId;
    from: LifecycleState;
    to: LifecycleState;
    generation: number;
    /** A code, never engine text. */
    reason: string;
  };
  /** A replica beside the first; the first one's changes are the agent's own. */
  'lifecycle.replica-transitioned': {
    instanceId: AgentInstanceId;
    replica: number;
    from: LifecycleState;
    to: LifecycleState;
    generation: number;
    /** A code, never engine text. */
    reason: string;
  };
  'lifecycle.renewed': { instanceId: AgentInstanceId; ttlSeconds: number };

  'run.started': { runId: RunId; instanceId: AgentInstanceId; runType: string; inputHash: string };
  'run.ended': { runId: RunId; instanceId: AgentInstanceId; status: string; resultHash: string | null };

  'terminal.opened': { terminalId: TerminalId; instanceId: AgentInstanceId };
  /** `end` is why: one of TERMINAL_ENDS. */
  'terminal.closed': { terminalId: TerminalId; instanceId: AgentInstanceId; end: TerminalEnd };

  'mcp-session.opened': { sessionId: McpSessionId; instanceId: AgentInstanceId };
  /** `end` is why: one of MCP_SESSION_ENDS. */
  'mcp-session.closed': { sessionId: McpSessionId; instanceId: AgentInstanceId; end: McpSessionEnd };

  /** What an admin has set, all of it; what is not named has the default, or the tenant's limit. */
  'quota.changed': { scope: 'tenant' | 'project'; projectId: ProjectId | null; limits: Amounts };
  /** A file's path is told by its SHA-256: names are texts. `sha256` is that of the bytes that Muster passed on. */
  'file.written': { instanceId: AgentInstanceId; pathHash: string; sha256: string; bytes: number; created: boolean };
  'file.deleted': { instanceId: AgentInstanceId; pathHash: string; recursive: boolean };
  'folder.created': { instanceId: AgentInstanceId; pathHash: string };
  /** `bytes` and `sha256` are those of the archive as it was sent. */
  'archive.uploaded': { instanceId: AgentInstanceId; pathHash: string; sha256: string; bytes: number; files: number };

  /** It is ready. `digest` is the blueprint's, `archiveSha256` that of the archive as it was written. */
  'agent.snapshot.created': {
    snapshotId: AgentSnapshotId;
    instanceId: AgentInstanceId;
    revision: number;
    target: SnapshotTarget;
    digest: string;
    archiveSha256: string;
    bytes: number;
    imageId: string | null;
    /** Of who asked, in their own words: see docs/adr/0023. */
    reason?: string;
  };
  'agent.snapshot.failed': { snapshotId: AgentSnapshotId; instanceId: AgentInstanceId; reason: string };
  'agent.snapshot.deleted': { snapshotId: AgentSnapshotId; instanceId: AgentInstanceId };
  /** The agent is what the snapshot says from this revision on; its workspace follows. */
  'agent.snapshot.restored': {
    snapshotId: AgentSnapshotId;
    instanceId: AgentInstanceId;
    revision: number;
    restoredRevision: number;
    generation: number;
    digest: string;
    archiveSha256: string;
    /** Of who asked, in their own words: see docs/adr/0023. */
    reason?: string;
  };
  'agent.forked': {
    instanceId: AgentInstanceId;
    projectId: ProjectId;
    snapshotId: AgentSnapshotId;
    /** The agent that the snapshot is of, and its revision then. */
    origin: AgentInstanceId;
    originRevision: number;
    digest: string;
    archiveSha256: string;
    /** Of the signed manifest behind that agent: it allows that one, and not this. Not there in events of an older Muster. */
    originManifestDigest?: string | null;
    /** Of who asked, in their own words: see docs/adr/0023. */
    reason?: string;
  } & ImageTold;

  /** Neither its name nor anything made of its value. A version is never given twice. */
  'secret.set': { secretId: SecretId; projectId: ProjectId | null; version: number };
  'secret.deleted': { secretId: SecretId; projectId: ProjectId | null; version: number };

  /**
   * Connections that Muster carried for an agent, counted per destination and minute: to another agent of its project, or to a host outside,
   * which is told by the SHA-256 of `host:port`. Both null: further ones, when there were very many.
   */
  'network.connected': {
    instanceId: AgentInstanceId;
    peerId: AgentInstanceId | null;
    destinationHash: string | null;
    count: number;
  };
  /** Connections that an agent asked for in vain, counted per reason and minute. */
  'network.refused': { instanceId: AgentInstanceId; reason: CallRefusal; count: number };

  /** 401 and 403, counted per key, route and minute. */
  'access.refused': { route: string; status: number; count: number; apiKeyId: ApiKeyId | null };
}

export type DomainEventType = keyof DomainEvents;

export type SubjectType =
  | 'tenant'
  | 'quota'
  | 'api-key'
  | 'template'
  | 'project'
  | 'agent-instance'
  | 'agent-snapshot'
  | 'run'
  | 'secret'
  | 'terminal'
  | 'mcp-session'
  | 'access';

export interface Subject {
  readonly type: SubjectType;
  readonly id: string;
}

export interface DomainEvent<T extends DomainEventType = DomainEventType> {
  readonly eventId: EventId;
  readonly type: T;
  readonly tenantId: TenantId;
  readonly actor: Actor;
  readonly subject: Subject;
  readonly at: Date;
  readonly data: DomainEvents[T];
}

/** A new event, with its own id and the present time. */
export function domainEvent<T extends DomainEventType>(
  type: T,
  about: { tenantId: TenantId; actor: Actor; subject: Subject },
  data: DomainEvents[T],
): DomainEvent<T> {
  return { eventId: newId<EventId>(), type, ...about, at: new Date(), data };
}
