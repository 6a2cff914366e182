import { AgentError } from '../errors.js';

/** What a request about files asks, in its query. Each part is looked at when it is used. */
export class FileQuery {
  constructor(private readonly parameters: URLSearchParams) {}

  /** Relative to the workspace; empty is the workspace itself. */
  get path(): string {
    return this.text('path');
  }

  get limits(): { maxBytes: number; maxEntries: number } {
    return { maxBytes: this.number('maxBytes'), maxEntries: this.number('maxEntries') };
  }

  text(name: string): string {
    return this.parameters.get(name) ?? '';
  }

  flag(name: string): boolean {
    return this.parameters.get(name) === 'true';
  }

  /** @throws AgentError VALIDATION_FAILED */
  number(name: string): number {
    const text = this.text(name);
    if (!/^\d{1,15}$/.test(text)) throw new AgentError('VALIDATION_FAILED', `${name} must be a whole number.`);
    return Number(text);
  }
}
