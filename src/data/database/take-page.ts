/** Documents of one page may weigh so much; then the page is shorter than it was asked for. */
const PAGE_MAX_BYTES = 8 * 1024 * 1024;

/** What of a batch is one page. */
export interface Taken<R> {
  readonly records: readonly R[];
  /** Others follow. */
  readonly more: boolean;
}

/** What a page is taken from: the driver's FindCursor, by whole batches, as a promise for each document costs a third of the rate. */
export interface Batches<R> {
  /** Reads the next batch when none is left. */
  hasNext(): Promise<boolean>;
  readBufferedDocuments(): R[];
  close(): Promise<void>;
}

/**
 * Reads a page of documents that can be large: `limit` of them at most, and fewer when they weigh too much together, but
 * one at least. Two hundred of the largest would fill Muster's memory, and any reader may ask for them as often as they like.
 *
 * @param found has to bring one document more than the limit, if there is one
 * @param weigh about how many bytes a document takes
 */
export async function takePage<R>(found: Batches<R>, limit: number, weigh: (record: R) => number): Promise<Taken<R>> {
  const records: R[] = [];
  let bytes = 0;
  try {
    while (await found.hasNext()) {
      for (const record of found.readBufferedDocuments()) {
        bytes += weigh(record);
        if (records.length === limit || (records.length > 0 && bytes > PAGE_MAX_BYTES)) return { records, more: true };
        records.push(record);
      }
    }
    return { records, more: false };
  } finally {
    await found.close();
  }
}
