/** Lets one at a time of those who name the same thing. */
export class Turns {
  private readonly last = new Map<string, Promise<unknown>>();

  /** Runs `act` when all that were asked for `key` before have ended, however they ended. */
  async take<T>(key: string, act: () => Promise<T>): Promise<T> {
    const turn = (this.last.get(key) ?? Promise.resolve()).then(act, act);
    this.last.set(key, turn);
    try {
      return await turn;
    } finally {
      if (this.last.get(key) === turn) this.last.delete(key);
    }
  }
}
