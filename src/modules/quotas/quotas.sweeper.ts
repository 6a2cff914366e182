import { Injectable } from '@nestjs/common';
import type { TenantId } from '../../domain/ids.js';
import { QuotaLedgers } from '../../domain/quotas/quota-ledger.js';
import { Sweeper } from '../../platform/sweeper.js';
import { LedgerKeeper } from './ledger-keeper.js';
import { QuotaSettings } from './quota-settings.js';

const PAGE = 100;

/** Puts every ledger right by what the documents say: a crash leaves claims without a thing, and things without a claim. */
@Injectable()
export class QuotasSweeper extends Sweeper {
  constructor(
    private readonly ledgers: QuotaLedgers,
    private readonly keeper: LedgerKeeper,
    private readonly settings: QuotaSettings,
  ) {
    super('quotas', { everyMs: settings.sweepEveryMs });
  }

  async sweep(): Promise<void> {
    let after: TenantId | null = null;
    for (;;) {
      const page: readonly TenantId[] = await this.ledgers.tenants(after, PAGE);
      for (const tenantId of page) {
        if (this.stopping.aborted) return;
        await this.keeper.recount(tenantId);
      }
      after = page.at(-1) ?? null;
      if (page.length < PAGE) return;
    }
  }
}
