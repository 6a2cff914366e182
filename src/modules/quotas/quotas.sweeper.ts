import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { TenantId } from '../../domain/ids.js';
import { QuotaLedgers } from '../../domain/quotas/quota-ledger.js';
import { LedgerKeeper } from './ledger-keeper.js';
import { QuotaSettings } from './quota-settings.js';

const PAGE = 100;

/** Puts every ledger right by what the documents say: a crash leaves claims without a thing, and things without a claim. */
@Injectable()
export class QuotasSweeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(QuotasSweeper.name);
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly ledgers: QuotaLedgers,
    private readonly keeper: LedgerKeeper,
    private readonly settings: QuotaSettings,
  ) {}

  onApplicationBootstrap(): void {
    this.next();
  }

  async onModuleDestroy(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  async sweep(): Promise<void> {
    let after: TenantId | null = null;
    for (;;) {
      const page: readonly TenantId[] = await this.ledgers.tenants(after, PAGE);
      for (const tenantId of page) {
        if (this.stopped) return;
        await this.keeper.recount(tenantId);
      }
      after = page.at(-1) ?? null;
      if (page.length < PAGE) return;
    }
  }

  private next(): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.running = this.sweep()
        .catch((cause: unknown) => {
          this.logger.warn({ msg: 'quotas could not be recounted; the next sweep tries again', err: cause });
        })
        .then(() => {
          this.next();
        });
    }, this.settings.sweepEveryMs);
  }
}
