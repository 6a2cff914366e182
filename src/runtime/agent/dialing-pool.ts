import { Agent } from 'node:http';
import type { Duplex } from 'node:stream';

/** Kept-alive connections to one agent-server, each opened by `dial`. The first request takes the one that is already open. */
export class DialingPool extends Agent {
  private spare: Duplex | null;
  /** Connections that are open or being opened. */
  private open = 0;
  private isRetired = false;
  private end = (): void => undefined;
  private readonly ended = new Promise<void>((resolve) => (this.end = resolve));

  constructor(
    private readonly dial: () => Promise<Duplex>,
    first: Duplex,
  ) {
    super({ keepAlive: true });
    this.spare = first;
    first.on('error', () => undefined); // an idle connection that breaks is noticed by the next request
    this.open += 1;
    this.endsWith(first);
  }

  override createConnection(
    _options: unknown,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    const { spare } = this;
    this.spare = null;
    if (spare !== null && !spare.destroyed) return spare;
    this.open += 1;
    this.dial().then(
      (stream) => {
        this.endsWith(stream);
        callback?.(null, stream);
      },
      // Node's own types have no place for "an error and no stream".
      (error: unknown) => {
        this.oneLess();
        (callback as (error: unknown) => void)(error);
      },
    );
    return undefined;
  }

  /** Keeps no connection for later: those in use are closed as soon as they are not. @returns when the last one is */
  retire(): Promise<void> {
    this.isRetired = true;
    this.maxFreeSockets = 0;
    this.spare?.destroy();
    this.spare = null;
    for (const free of Object.values(this.freeSockets)) for (const socket of free ?? []) socket.destroy();
    if (this.open === 0) this.end();
    return this.ended;
  }

  override destroy(): void {
    void this.retire();
    super.destroy();
  }

  private endsWith(stream: Duplex): void {
    if (stream.closed) this.oneLess();
    else
      stream.once('close', () => {
        this.oneLess();
      });
  }

  private oneLess(): void {
    this.open -= 1;
    if (this.isRetired && this.open === 0) this.end();
  }
}
