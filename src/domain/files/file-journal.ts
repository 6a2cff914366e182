import type { DomainEvent } from '../events/domain-events.js';
import type { InstancePath } from '../lifecycle/lifecycle-records.js';

export type FileEvent = DomainEvent<'file.written' | 'file.deleted' | 'folder.created' | 'archive.uploaded'>;

/** Where changes of agents' files are noted for the event log. The files themselves are in no document. */
export abstract class FileJournal {
  /** Whether a note would find room now. @throws NotFoundError, OutboxFullError */
  abstract assertRoom(path: InstancePath): Promise<void>;
  /** Puts the event into the agent's outbox. @throws NotFoundError, OutboxFullError */
  abstract note(path: InstancePath, event: FileEvent): Promise<void>;
}
