import { Injectable } from '@nestjs/common';
import { CheckpointStore, type Checkpoint } from '../../domain/events/checkpoint.js';
import type { ChainFault, ChainFaultKind, ChainReport } from '../../domain/events/chain-report.js';
import { EventLogStore, type EventFilter, type LogEntry } from '../../domain/events/event-log.js';
import { Signer } from '../../domain/events/signer.js';
import type { TenantId } from '../../domain/ids.js';
import type { Page } from '../../domain/page.js';
import { GENESIS, hashOf, signedBytes } from './chain.js';
import { checkpointBytes } from './checkpoint-writer.js';

const PAGE = 500;
const MOST_FAULTS = 100;

/** Reads the event log, and finds out whether it still says what was appended. */
@Injectable()
export class AuditService {
  constructor(
    private readonly log: EventLogStore,
    private readonly checkpoints: CheckpointStore,
    private readonly signer: Signer,
  ) {}

  /** A page of a tenant's log, oldest first; its cursor is the last entry's number. */
  async read(tenantId: TenantId, filter: EventFilter, page: { after: number; limit: number }): Promise<Page<LogEntry>> {
    const found = await this.log.readAfter(tenantId, page.after, page.limit + 1, filter);
    const items = found.slice(0, page.limit);
    const last = items.at(-1);
    return { items, nextCursor: found.length > items.length && last !== undefined ? String(last.seq) : null };
  }

  /** Reads a tenant's whole log: numbers, links, hashes, signatures, and its end against the newest checkpoint. */
  async verifyChain(tenantId: TenantId): Promise<ChainReport> {
    const checkpoint = await this.checkpoints.newest(tenantId);
    const faults: ChainFault[] = [];
    const tell = (seq: number, kind: ChainFaultKind): void => {
      if (faults.length < MOST_FAULTS) faults.push({ seq, kind });
    };
    let before: Pick<LogEntry, 'seq' | 'hash'> = GENESIS;
    let entries = 0;
    let seenAtCheckpoint: string | undefined;
    for (let page = await this.log.readAfter(tenantId, 0, PAGE); page.length > 0;) {
      const signed = await Promise.all(page.map((entry) => this.isSigned(entry.hash, entry)));
      for (const [index, entry] of page.entries()) {
        if (entry.seq !== before.seq + 1) tell(before.seq + 1, 'missing');
        else if (entry.prevHash !== before.hash) tell(entry.seq, 'broken-link');
        if (hashOf(entry) !== entry.hash) tell(entry.seq, 'altered');
        if (signed[index] !== true) tell(entry.seq, 'bad-signature');
        if (entry.seq === checkpoint?.seq) seenAtCheckpoint = entry.hash;
        before = entry;
      }
      entries += page.length;
      page = await this.log.readAfter(tenantId, before.seq, PAGE);
    }
    if (checkpoint !== null) {
      if (!(await this.isGenuine(checkpoint, tenantId))) tell(checkpoint.seq, 'bad-checkpoint');
      else if (seenAtCheckpoint !== checkpoint.hash) tell(checkpoint.seq, 'tail-cut-off');
    }
    return { ok: faults.length === 0, entries, head: before.seq, checkpoint: checkpoint?.seq ?? null, faults };
  }

  private async isSigned(hash: string, { keyId, signature }: Pick<LogEntry, 'keyId' | 'signature'>): Promise<boolean> {
    return keyId === this.signer.keyId && this.signer.verify(signedBytes(hash), signature);
  }

  private async isGenuine(checkpoint: Checkpoint, tenantId: TenantId): Promise<boolean> {
    return (
      checkpoint.tenantId === tenantId &&
      checkpoint.keyId === this.signer.keyId &&
      (await this.signer.verify(checkpointBytes(checkpoint), checkpoint.signature))
    );
  }
}
