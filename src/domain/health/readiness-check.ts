/** One thing that has to work before Muster can. `GET /readyz` asks them all. */
export abstract class ReadinessCheck {
  abstract readonly name: string;
  /**
   * Says what is used, for anybody who asks: no address, no path. "mongod (embedded)".
   * @throws DomainError when it cannot be used now
   */
  abstract check(): Promise<string>;
}
