import { makePipes, MOST_AT_ONCE, type Pipes } from './pipes.js';

/** Pipes made beforehand, so that a program need not wait for them. */
export class PipeStock {
  private readonly kept: Pipes[] = [];
  private making: Promise<void> | null = null;

  /** Makes what is missing. Never rejects: who takes some learns why there are none. */
  async fill(): Promise<void> {
    const missing = MOST_AT_ONCE - this.kept.length;
    if (missing <= 0) return;
    this.making ??= makePipes(missing)
      .then((made) => {
        this.kept.push(...made);
      })
      .catch(() => undefined)
      .finally(() => {
        this.making = null;
      });
    await this.making;
  }

  /** @throws Error when none can be made */
  async take(): Promise<Pipes> {
    return this.kept.shift() ?? (await this.make());
  }

  private async make(): Promise<Pipes> {
    const [pipes] = await makePipes(1);
    if (pipes === undefined) throw new Error('no pipes were made');
    return pipes;
  }
}
