import type { TenantId } from '../ids.js';
import type { Holding } from './holding.js';

/** Where whatever makes or starts something asks first. */
export abstract class QuotaGate {
  /**
   * Takes all of it, or nothing. What is held already is not asked for again, so a repeated claim costs nothing.
   * @throws QuotaExceededError
   */
  abstract claim(tenantId: TenantId, holdings: readonly Holding[]): Promise<void>;

  /**
   * Claims, then carries out the write that the claim is for. When that is refused (a DomainError) the claim is given back; after
   * any other failure nobody knows whether it was carried out, and the documents decide later.
   * Only for things that are made by this write, whose ids nobody else can hold.
   */
  abstract claimFor<T>(tenantId: TenantId, holdings: readonly Holding[], write: () => Promise<T>): Promise<T>;
}
