export type ChainFaultKind =
  /** The entries before and after `seq` are there, it is not. */
  | 'missing'
  /** It does not name the hash of the entry before. */
  | 'broken-link'
  /** Its content has another hash than it says. */
  | 'altered'
  /** Its signature does not fit, or names a key that is not known here. */
  | 'bad-signature'
  /** A checkpoint knows more than the log, or something else at that place. */
  | 'tail-cut-off'
  /** The newest checkpoint is not one that Muster signed. */
  | 'bad-checkpoint';

export interface ChainFault {
  readonly seq: number;
  readonly kind: ChainFaultKind;
}

/** What a look at a tenant's whole log has shown. */
export interface ChainReport {
  readonly ok: boolean;
  /** How many entries were read. */
  readonly entries: number;
  /** The last entry's number; 0 for an empty log. */
  readonly head: number;
  /** The newest checkpoint's number; null when there is none. */
  readonly checkpoint: number | null;
  /** The first hundred. */
  readonly faults: readonly ChainFault[];
}
