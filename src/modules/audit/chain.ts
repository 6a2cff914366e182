import type { DomainEvent } from '../../domain/events/domain-events.js';
import type { LogEntry, LogHead } from '../../domain/events/event-log.js';
import type { Signer } from '../../domain/events/signer.js';
import { digestOf } from '../../platform/crypto/digest.js';

/** What the first entry names as the hash before it. */
export const GENESIS: LogHead = { seq: 0, hash: '0'.repeat(64) };

type Unhashed = Omit<LogEntry, 'hash' | 'signature' | 'keyId'>;

/** SHA-256, in hex, over the RFC 8785 canonical JSON of the entry without hash, signature and keyId. */
export const hashOf = (entry: Unhashed): string =>
  digestOf({
    seq: entry.seq,
    eventId: entry.eventId,
    type: entry.type,
    tenantId: entry.tenantId,
    actor: entry.actor,
    subject: entry.subject,
    at: entry.at,
    data: entry.data,
    prevHash: entry.prevHash,
  });

/** The bytes that are signed. */
export const signedBytes = (hash: string): Uint8Array => Buffer.from(hash, 'hex');

/** The events as entries that follow `head`, each with its hash and signature. */
export async function chain(head: LogHead, events: readonly DomainEvent[], signer: Signer): Promise<LogEntry[]> {
  let { seq, hash } = head;
  const hashed = events.map((event) => {
    const entry: Unhashed = { ...asStored(event), seq: seq + 1, prevHash: hash };
    seq += 1;
    hash = hashOf(entry);
    return { ...entry, hash };
  });
  return Promise.all(
    hashed.map(async (entry) => ({
      ...entry,
      signature: await signer.sign(signedBytes(entry.hash)),
      keyId: signer.keyId,
    })),
  );
}

/** The event as it will be read again: what JSON does not say (undefined) would come back from the database as null. */
const asStored = (event: DomainEvent): DomainEvent => ({
  ...event,
  data: JSON.parse(JSON.stringify(event.data)) as DomainEvent['data'],
});
