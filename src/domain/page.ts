/** One page of a list, newest first. `nextCursor` is opaque to clients; null on the last page. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

export interface PageRequest {
  /** 1..200 */
  readonly limit: number;
  /** The `nextCursor` of the page before. */
  readonly cursor?: string;
}
