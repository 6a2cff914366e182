/** A connection to a program in an agent's container. Each side may end its own direction and go on reading. */
export abstract class Tunnel {
  /**
   * What the program sends, until it ends its side. Who does not read makes it wait.
   * @throws AgentUnreachableError when the connection breaks
   */
  abstract readonly output: AsyncIterable<Uint8Array>;
  /** Resolves when there is room for more. @throws AgentUnreachableError when the connection broke */
  abstract write(data: Uint8Array): Promise<void>;
  /** There is no more from this side. */
  abstract end(): void;
  /** Breaks it off, in both directions. */
  abstract close(): void;
}
