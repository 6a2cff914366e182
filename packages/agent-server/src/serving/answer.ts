import type { Readable } from 'node:stream';

/** One JSON document, or a stream. */
export interface Answer {
  readonly status: number;
  readonly body?: string | undefined;
  readonly stream?: Readable;
  readonly headers?: Readonly<Record<string, string | number>>;
}
