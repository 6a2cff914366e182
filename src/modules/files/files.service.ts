import { Injectable, Logger } from '@nestjs/common';
import { ValidationFailedError } from '../../domain/errors/validation-failed.error.js';
import type { Actor } from '../../domain/events/actor.js';
import { domainEvent, type DomainEvents } from '../../domain/events/domain-events.js';
import type { FileChange, FileEntry } from '../../domain/files/file-entry.js';
import { FileJournal, type FileEvent } from '../../domain/files/file-journal.js';
import { relativePath, workspacePathFault } from '../../domain/files/workspace-path.js';
import { AgentUse } from '../../domain/lifecycle/agent-use.js';
import type { InstancePath } from '../../domain/lifecycle/lifecycle-records.js';
import type { ManagedInstance } from '../../domain/lifecycle/managed-instance.js';
import type { Page } from '../../domain/page.js';
import type { AgentFiles, ByteStream, FileContent, FileWriteRequest } from '../../domain/runtime/agent-files.js';
import { Configuration } from '../../platform/config/configuration.js';
import { sha256 } from '../../platform/crypto/digest.js';
import { DomainEventBus } from '../../platform/events/domain-event-bus.js';
import { LifecycleService } from '../lifecycle/lifecycle.service.js';
import type { MeasuredBody } from './measured-body.js';

export interface ListRequest {
  readonly path: string;
  readonly recursive: boolean;
  readonly limit: number;
  readonly cursor?: string;
}

export interface WrittenFile {
  readonly entry: FileEntry;
  readonly created: boolean;
  readonly sha256: string;
}

export type WritePreconditions = Pick<FileWriteRequest, 'ifMatch' | 'ifNoneMatch'>;

/** Files of running agents' workspaces. What is changed is noted for the event log, by digests. */
@Injectable()
export class FilesService {
  private readonly logger = new Logger(FilesService.name);

  constructor(
    private readonly lifecycle: LifecycleService,
    private readonly use: AgentUse,
    private readonly journal: FileJournal,
    private readonly bus: DomainEventBus,
    private readonly configuration: Configuration,
  ) {}

  /** @throws NotFoundError, AgentNotRunningError, and what AgentFiles throws; so do all others */
  async list(agent: InstancePath, request: ListRequest, signal: AbortSignal): Promise<Page<FileEntry>> {
    const { path, recursive, limit, cursor } = request;
    const after = cursor === undefined ? '' : fromCursor(cursor, path);
    return this.withFiles(agent, async (files) => {
      const { entries, more } = await files.list({ path: relativePath(path), recursive, limit, after }, signal);
      const last = entries.at(-1);
      return { items: entries, nextCursor: more && last !== undefined ? toCursor(last.path) : null };
    });
  }

  async read(agent: InstancePath, path: string, range: string | undefined, signal: AbortSignal): Promise<FileContent> {
    const { filesMaxBytes } = this.configuration;
    return this.streaming(agent, signal, (files) => files.read(relativePath(path), filesMaxBytes, range, signal));
  }

  async write(
    agent: InstancePath,
    path: string,
    body: MeasuredBody,
    { actor, signal, ...preconditions }: WritePreconditions & { actor: Actor; signal: AbortSignal },
  ): Promise<WrittenFile> {
    const request = { path: relativePath(path), maxBytes: this.configuration.filesMaxBytes, ...preconditions };
    const { entry, created } = await this.changing(agent, (files) => files.write(request, body, signal));
    const { bytes } = body;
    await this.note(agent, actor, 'file.written', { ...named(agent, path), sha256: body.sha256, bytes, created });
    return { entry, created, sha256: body.sha256 };
  }

  async remove(
    agent: InstancePath,
    path: string,
    recursive: boolean,
    { actor, signal }: { actor: Actor; signal: AbortSignal },
  ): Promise<void> {
    await this.changing(agent, (files) => files.remove(relativePath(path), recursive, signal));
    await this.note(agent, actor, 'file.deleted', { ...named(agent, path), recursive });
  }

  /** @returns whether it was missing */
  async makeFolder(
    agent: InstancePath,
    path: string,
    { actor, signal }: { actor: Actor; signal: AbortSignal },
  ): Promise<boolean> {
    const made = await this.changing(agent, (files) => files.makeFolder(relativePath(path), signal));
    if (made) await this.note(agent, actor, 'folder.created', named(agent, path));
    return made;
  }

  async pack(agent: InstancePath, path: string, signal: AbortSignal): Promise<ByteStream> {
    const request = { path: relativePath(path), ...this.archiveLimits };
    return this.streaming(agent, signal, (files) => files.pack(request, signal));
  }

  async unpack(
    agent: InstancePath,
    path: string,
    body: MeasuredBody,
    { gzip, actor, signal }: { gzip: boolean; actor: Actor; signal: AbortSignal },
  ): Promise<{ files: number; bytes: number; sha256: string }> {
    const request = { path: relativePath(path), gzip, ...this.archiveLimits };
    const unpacked = await this.changing(agent, (files) => files.unpack(request, body, signal));
    const said = { sha256: body.sha256, bytes: body.bytes, files: unpacked.files };
    await this.note(agent, actor, 'archive.uploaded', { ...named(agent, path), ...said });
    return { ...unpacked, sha256: body.sha256 };
  }

  async watch(agent: InstancePath, path: string, signal: AbortSignal): Promise<AsyncIterable<FileChange>> {
    return this.streaming(agent, signal, (files) => files.watch(relativePath(path), signal));
  }

  private get archiveLimits(): { maxBytes: number; maxEntries: number } {
    return { maxBytes: this.configuration.filesMaxBytes, maxEntries: this.configuration.filesMaxEntries };
  }

  /** Refuses before anything is changed what could not be noted afterwards. */
  private async changing<T>(agent: InstancePath, act: (files: AgentFiles) => Promise<T>): Promise<T> {
    return this.withFiles(agent, async (files) => {
      await this.journal.assertRoom(agent);
      return act(files);
    });
  }

  /** An agent that sleeps wakes for it. */
  private async withFiles<T>(agent: InstancePath, act: (files: AgentFiles) => Promise<T>): Promise<T> {
    return this.use.during(agent, (instance) => this.ask(instance, act));
  }

  /** What is answered goes on after the call: the agent is in use until `ended` is aborted. */
  private async streaming<T>(
    agent: InstancePath,
    ended: AbortSignal,
    act: (files: AgentFiles) => Promise<T>,
  ): Promise<T> {
    const use = await this.use.hold(agent);
    const release = (): void => void use.release();
    try {
      const answer = await this.ask(await use.awake(ended), act);
      if (ended.aborted) release();
      else ended.addEventListener('abort', release, { once: true });
      return answer;
    } catch (error) {
      release();
      throw error;
    }
  }

  /** All replicas have the same workspace. */
  private async ask<T>(instance: ManagedInstance, act: (files: AgentFiles) => Promise<T>): Promise<T> {
    const { replica, connection } = await this.lifecycle.answering(instance);
    try {
      return await act(connection.files);
    } catch (error) {
      this.lifecycle.connectionFailed(instance, replica, error);
      throw error;
    }
  }

  private async note<T extends FileEvent['type']>(
    agent: InstancePath,
    actor: Actor,
    type: T,
    data: DomainEvents[T],
  ): Promise<void> {
    const subject = { type: 'agent-instance', id: agent.id } as const;
    const event = domainEvent(type, { tenantId: agent.tenantId, actor, subject }, data);
    try {
      await this.journal.note(agent, event);
    } catch (error) {
      // It happened, and who asked is told of an error: the log of the process is where it can still be found.
      this.logger.error({ msg: 'a change of files could not be noted', instance: agent.id, type, data, err: error });
      throw error;
    }
    this.bus.publish(event);
  }
}

const named = ({ id }: InstancePath, path: string): { instanceId: InstancePath['id']; pathHash: string } => ({
  instanceId: id,
  pathHash: sha256(relativePath(path)),
});

const toCursor = (path: string): string => Buffer.from(path, 'utf8').toString('base64url');

/** @throws ValidationFailedError when it is no path below the one that is listed */
function fromCursor(cursor: string, listed: string): string {
  const path = Buffer.from(cursor, 'base64url').toString('utf8');
  const inside = `${relativePath(listed)}/`.replace(/^\/$/, '');
  if (!path.startsWith(inside) || workspacePathFault(`/workspace/${path}`) !== null) {
    throw new ValidationFailedError([{ pointer: 'cursor', detail: 'must be a nextCursor as Muster gave it' }]);
  }
  return path;
}
