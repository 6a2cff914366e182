import type { Network } from './network.js';

/** The network, loaded when it is first needed: most agents have none, and all of them are to answer soon. */
export class LazyNetwork {
  private loading: Promise<Network> | null = null;

  async load(): Promise<Network> {
    this.loading ??= import('./network.js').then((module) => new module.Network());
    return this.loading;
  }
}
