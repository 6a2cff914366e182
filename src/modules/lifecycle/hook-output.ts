const MOST_CHARACTERS = 2000;

/** The end of what a hook wrote: enough to see why it failed, however much it was. */
export class HookOutput {
  private tail = '';

  add(line: string): void {
    this.tail = `${this.tail}${this.tail === '' ? '' : '\n'}${line}`.slice(-MOST_CHARACTERS);
  }

  get text(): string {
    // Cut in the middle of a character, its half is none.
    return this.tail.toWellFormed();
  }
}
