import { Agent } from 'node:http';
import type { Duplex } from 'node:stream';

/** Kept-alive connections to one agent-server, each opened by `dial`. The first request takes the one that is already open. */
export class DialingPool extends Agent {
  private spare: Duplex | null;

  constructor(
    private readonly dial: () => Promise<Duplex>,
    first: Duplex,
  ) {
    super({ keepAlive: true });
    this.spare = first;
    first.on('error', () => undefined); // an idle connection that breaks is noticed by the next request
  }

  override createConnection(
    _options: unknown,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    const { spare } = this;
    this.spare = null;
    if (spare !== null && !spare.destroyed) return spare;
    this.dial().then(
      (stream) => callback?.(null, stream),
      // Node's own types have no place for "an error and no stream".
      (error: unknown) => {
        (callback as (error: unknown) => void)(error);
      },
    );
    return undefined;
  }

  override destroy(): void {
    this.spare?.destroy();
    this.spare = null;
    super.destroy();
  }
}
