/** What is limited, and between which limits an admin can choose. */
export const QUOTA_BOUNDS = {
  /** Agents that exist, running or not. The ledger holds a line for each, so there is an end to it. */
  instances: { min: 0, max: 100_000, whole: true },
  /** Running copies of agents. */
  replicas: { min: 0, max: 100_000, whole: true },
  /** CPUs that running copies are promised, in thousandths at the finest. */
  cpus: { min: 0, max: 1_000_000, whole: false },
  /** Memory that running copies are promised. */
  memoryMiB: { min: 0, max: 1_000_000_000, whole: true },
  /** Runs that are queued or running at once. */
  runs: { min: 0, max: 100_000, whole: true },
} as const satisfies Record<string, { min: number; max: number; whole: boolean }>;

export type QuotaName = keyof typeof QUOTA_BOUNDS;

export const QUOTA_NAMES = Object.keys(QUOTA_BOUNDS) as readonly QuotaName[];

/** A limit for everything. */
export type QuotaLimits = Readonly<Record<QuotaName, number>>;

/** Some of it: what somebody uses, or the limits that an admin has set. */
export type Amounts = Readonly<Partial<Record<QuotaName, number>>>;

/** What is used, and up to where. */
export interface QuotaState {
  readonly limit: number;
  readonly used: number;
  /** Never below 0, also when a limit was lowered below what is used. */
  readonly left: number;
  /** What an admin has set for this tenant or project; null: it has the default, or its tenant's. */
  readonly own: number | null;
}

export type QuotaOverview = Readonly<Record<QuotaName, QuotaState>>;

/** Sums of fractions, such as 0.1 + 0.2, come out as people write them. */
export const exact = (amount: number): number => Math.round(amount * 1000) / 1000;
