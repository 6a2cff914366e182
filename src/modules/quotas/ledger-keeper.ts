import { Injectable } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConcurrentUpdateError } from '../../domain/errors/concurrent-update.error.js';
import type { AgentInstanceId, RunId, TenantId } from '../../domain/ids.js';
import { LedgerDraft } from '../../domain/quotas/ledger-draft.js';
import { QuotaFacts } from '../../domain/quotas/quota-facts.js';
import { emptyLedger, QuotaLedgers, type QuotaLedger } from '../../domain/quotas/quota-ledger.js';
import { Configuration } from '../../platform/config/configuration.js';
import { DomainEventBus } from '../../platform/events/domain-event-bus.js';
import { QuotaSettings } from './quota-settings.js';

/** How often a write that another process overtook is made again on what that one left. */
const ATTEMPTS = 50;
const LONGEST_PAUSE_MS = 20;
/** Ledgers that are remembered as they were last written; the oldest goes first. */
const MAX_KNOWN = 1_000;

/** What somebody does to a draft; carried out again, on another draft, when the first was overtaken. */
type Edit = (draft: LedgerDraft) => void;

interface Work {
  readonly edit: Edit;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * The one who writes ledgers in this process. Everybody who comes while a write is on its way is served by the next one, together;
 * each write names the version it was decided on, so that two processes cannot give the same place away. Nobody is refused
 * on the strength of an old ledger: before that it is read again, and put right by what the documents say.
 */
@Injectable()
export class LedgerKeeper {
  private readonly waiting = new Map<TenantId, Work[]>();
  /** Only ever a guess: a write that was decided on an old one does not match. */
  private readonly known = new Map<TenantId, QuotaLedger>();

  constructor(
    private readonly ledgers: QuotaLedgers,
    private readonly facts: QuotaFacts,
    private readonly bus: DomainEventBus,
    private readonly configuration: Configuration,
    private readonly settings: QuotaSettings,
  ) {}

  /** Resolves once what the edit did is stored. @throws what the edit throws, OutboxFullError, ConcurrentUpdateError */
  async change(tenantId: TenantId, edit: Edit): Promise<void> {
    await new Promise<void>((done, failed) => {
      const queue = this.waiting.get(tenantId);
      const work = { edit, done, failed };
      if (queue !== undefined) {
        queue.push(work);
        return;
      }
      this.waiting.set(tenantId, [work]);
      void this.serve(tenantId);
    });
  }

  /** How it is by the documents, just now. Writes nothing. */
  async look(tenantId: TenantId): Promise<LedgerDraft> {
    return this.recounted((await this.ledgers.find(tenantId)) ?? emptyLedger(tenantId));
  }

  /** Puts the ledger right by the documents. */
  async recount(tenantId: TenantId): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const draft = await this.look(tenantId);
      if (await this.write(tenantId, draft)) return;
      await this.pause(tenantId, attempt);
    }
  }

  /** Never throws: what fails is told to those who wait for it. */
  private async serve(tenantId: TenantId): Promise<void> {
    for (;;) {
      const works = this.waiting.get(tenantId) ?? [];
      if (works.length === 0) {
        this.waiting.delete(tenantId);
        return;
      }
      this.waiting.set(tenantId, []);
      try {
        await this.carryOut(tenantId, works);
      } catch (error) {
        for (const { failed } of works) failed(error);
      }
    }
  }

  private async carryOut(tenantId: TenantId, works: readonly Work[]): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const { draft, refusals } = await this.decide(tenantId, works);
      if (await this.write(tenantId, draft)) {
        for (const work of works) {
          if (refusals.has(work)) work.failed(refusals.get(work));
          else work.done();
        }
        return;
      }
      await this.pause(tenantId, attempt);
    }
  }

  private async decide(
    tenantId: TenantId,
    works: readonly Work[],
  ): Promise<{ draft: LedgerDraft; refusals: Map<Work, unknown> }> {
    const ledger = this.known.get(tenantId) ?? (await this.ledgers.find(tenantId));
    if (ledger !== null) {
      const draft = this.draftOf(ledger);
      const refusals = edited(draft, works);
      if (refusals.size === 0) return { draft, refusals };
    }
    const draft = await this.look(tenantId);
    return { draft, refusals: edited(draft, works) };
  }

  private async write(tenantId: TenantId, draft: LedgerDraft): Promise<boolean> {
    if (!draft.isChanged) return true;
    const { change, written } = draft;
    this.known.delete(tenantId);
    if (!(await this.ledgers.write({ tenantId, version: written.version - 1 }, change))) return false;
    if (this.known.size >= MAX_KNOWN) {
      for (const oldest of [...this.known.keys()].slice(0, 1)) this.known.delete(oldest);
    }
    this.known.set(tenantId, written);
    this.bus.publish(...change.events);
    return true;
  }

  private async pause(tenantId: TenantId, attempt: number): Promise<void> {
    if (attempt >= ATTEMPTS) throw new ConcurrentUpdateError('quota', tenantId);
    await sleep(Math.random() * LONGEST_PAUSE_MS);
  }

  private async recounted(ledger: QuotaLedger): Promise<LedgerDraft> {
    const draft = this.draftOf(ledger);
    const held = [...ledger.holdings.values()];
    const facts = await this.facts.all(ledger.tenantId, {
      instances: held.filter(({ kind }) => kind !== 'run').map(({ id }) => id as AgentInstanceId),
      runs: held.filter(({ kind }) => kind === 'run').map(({ id }) => id as RunId),
    });
    draft.recount(facts, new Date());
    return draft;
  }

  private draftOf(ledger: QuotaLedger): LedgerDraft {
    return new LedgerDraft(ledger, this.configuration.quotas, this.settings.graceMs);
  }
}

/** Carries out the edits, one after another. @returns those that were refused, and why */
function edited(draft: LedgerDraft, works: readonly Work[]): Map<Work, unknown> {
  const refusals = new Map<Work, unknown>();
  for (const work of works) {
    try {
      work.edit(draft);
    } catch (error) {
      refusals.set(work, error);
    }
  }
  return refusals;
}
