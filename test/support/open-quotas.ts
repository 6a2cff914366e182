import { QuotaGate } from '../../src/domain/quotas/quota-gate.js';

/** Lets everything through: for tests that are about something else. */
export class OpenQuotas extends QuotaGate {
  override async claim(): Promise<void> {
    return Promise.resolve();
  }

  override async claimFor<T>(_tenantId: unknown, _holdings: unknown, write: () => Promise<T>): Promise<T> {
    return write();
  }
}
