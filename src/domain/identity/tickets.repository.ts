import type { ApiKeyId, TenantId } from '../ids.js';

/** Stands for an API key once, for one path, for a short time: where no header can be sent. */
export interface Ticket {
  readonly tenantId: TenantId;
  readonly apiKeyId: ApiKeyId;
  /** Where it can be used, without a query. */
  readonly path: string;
}

export abstract class Tickets {
  /** @param hash SHA-256, in hex, of the ticket's text, which is kept nowhere */
  abstract insert(hash: string, ticket: Ticket, expiresAt: Date): Promise<void>;
  /** Uses it up. null: there is none for that path, or its time is over. */
  abstract redeem(hash: string, path: string): Promise<Ticket | null>;
}
