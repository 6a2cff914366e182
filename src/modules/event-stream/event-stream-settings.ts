/** The event stream's times, in ms, and its limits. */
export class EventStreamSettings {
  /** How often to look for what other processes appended, for each tenant that is followed here. */
  readonly pollMs: number = 1_000;
  /** How long a stream may be silent; proxies cut a connection after a minute or so. It is also how soon a revoked key's stream ends. */
  readonly heartbeatMs: number = 15_000;
  /** How long to wait before reading again when the log could not be read. */
  readonly retryMs: number = 1_000;
  /** How long a client may take nothing before its stream is cut off. */
  readonly stallMs: number = 60_000;
  /** Entries read at once: all that a stream keeps in memory. */
  readonly page: number = 100;
  /** Streams of one key at this process. */
  readonly perKey: number = 20;
}
