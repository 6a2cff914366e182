import { DomainError } from '../errors/domain-error.js';
import type { QuotaName } from './quota.js';

/** One limit that a request would go beyond. */
export interface Excess {
  readonly quota: QuotaName;
  readonly scope: 'tenant' | 'project';
  readonly limit: number;
  readonly used: number;
  readonly asked: number;
  readonly left: number;
}

/** Thrown, before anything is made or started, when a request asks for more than a quota leaves; each is named. */
export class QuotaExceededError extends DomainError {
  constructor(excesses: readonly [Excess, ...Excess[]]) {
    const [first] = excesses;
    super(
      'QUOTA_EXCEEDED',
      `${told(first)} Nothing was made or started. Stop or remove what is not needed, or ask an admin for more.`,
      {
        details: { ...first },
        faults: excesses.map((excess) => ({ pointer: excess.quota, detail: told(excess) })),
      },
    );
  }
}

const told = ({ quota, scope, limit, used, asked, left }: Excess): string =>
  `The ${scope}'s quota of ${quota} is ${limit}, ${used} of it used: ${left} left, and ${asked} asked for.`;
