/** What Musters look for in the documents of agents: steps of the reconciler, health checks, and ports and uplinks that nobody looks after. */
export const DUE_KINDS = ['step', 'health-check', 'ports', 'uplink'] as const;

export type DueKind = (typeof DUE_KINDS)[number];

/** For who has not looked yet. */
export const ALL_DUE: ReadonlySet<DueKind> = new Set(DUE_KINDS);

/** One question for all kinds: an idle Muster asks little else. */
export abstract class DueRecords {
  /** The kinds of which there is something. A hint: who takes it asks again. */
  abstract kinds(): Promise<ReadonlySet<DueKind>>;
}

/** Looks for all who look for something, once a second. It sees what other Musters did, and what only the time made due. */
export abstract class DueWork {
  /** @returns what the next look finds; everything, without a look, once the signal is aborted. It never fails. */
  abstract next(signal: AbortSignal): Promise<ReadonlySet<DueKind>>;
}
