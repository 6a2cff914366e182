/** Documents of one page may weigh so much; then the page is shorter than it was asked for. */
const PAGE_MAX_BYTES = 8 * 1024 * 1024;

/** What of a batch is one page. */
export interface Taken<R> {
  readonly records: readonly R[];
  /** Others follow. */
  readonly more: boolean;
}

/**
 * Reads a page of documents that can be large: `limit` of them at most, and fewer when they weigh too much together, but
 * one at least. Two hundred of the largest would fill Muster's memory, and any reader may ask for them as often as they like.
 *
 * @param found has to bring one document more than the limit, if there is one
 * @param weigh about how many bytes a document takes
 */
export async function takePage<R>(
  found: AsyncIterable<R>,
  limit: number,
  weigh: (record: R) => number,
): Promise<Taken<R>> {
  const records: R[] = [];
  let bytes = 0;
  for await (const record of found) {
    bytes += weigh(record);
    if (records.length === limit || (records.length > 0 && bytes > PAGE_MAX_BYTES)) return { records, more: true };
    records.push(record);
  }
  return { records, more: false };
}
