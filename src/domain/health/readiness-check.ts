/** One thing that has to work before Muster can. `GET /readyz` asks them all. */
export abstract class ReadinessCheck {
  abstract readonly name: string;
  /**
   * Says what was found, for people: "mongod 8.0.4, embedded".
   * @throws DomainError when it cannot be used now
   */
  abstract check(): Promise<string>;
}
