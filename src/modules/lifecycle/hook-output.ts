const MOST_CHARACTERS = 2000;

/** The end of what a hook wrote: enough to see why it failed, however much it was. */
export class HookOutput {
  private tail = '';

  add(line: string): void {
    this.write(this.tail === '' ? line : `\n${line}`);
  }

  /** As it came, lines or not. */
  write(text: string): void {
    this.tail = `${this.tail}${text}`.slice(-MOST_CHARACTERS);
  }

  get text(): string {
    // Cut in the middle of a character, its half is none.
    return this.tail.trimEnd().toWellFormed();
  }
}

/** What became of a hook. */
export interface HookEnd {
  /** null: a signal ended it, or it is not known. */
  readonly exitCode: number | null;
  readonly output: string;
  /** Why Muster ended it. @default it ended by itself */
  readonly endedFor?: 'time' | 'output';
}
