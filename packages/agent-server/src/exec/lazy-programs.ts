import type { Programs } from './programs.js';

/** Programs, loaded once the agent answers: it is to do so soon. */
export class LazyPrograms {
  private loading: Promise<Programs> | null = null;

  async load(): Promise<Programs> {
    this.loading ??= import('./programs.js').then((module) => new module.Programs());
    return this.loading;
  }
}
