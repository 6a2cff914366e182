import type { EngineClient } from './engine-client.js';

/** What of the engine's description of itself is read. */
interface EngineDescription {
  readonly InitBinary?: string;
  readonly InitCommit?: { readonly ID?: string };
  /** Podman's alone. */
  readonly BuildahVersion?: string;
}

/** Who answers: they take the same calls, but not all the same settings. */
export type EngineKind = 'docker' | 'podman';

/** What an engine is, and has beside itself; asked once. */
export class EngineFeatures {
  private known: EngineDescription | null = null;

  constructor(private readonly engine: EngineClient) {}

  /** Whether it has a small program to be process 1 of containers. @throws RuntimeError */
  async hasInit(): Promise<boolean> {
    const { InitBinary = '', InitCommit } = await this.describe();
    // `N/A` is the engine's word for one that is configured and not installed.
    return InitBinary !== '' && InitCommit?.ID !== 'N/A';
  }

  /** @throws RuntimeError */
  async kind(): Promise<EngineKind> {
    return (await this.describe()).BuildahVersion === undefined ? 'docker' : 'podman';
  }

  private async describe(): Promise<EngineDescription> {
    this.known ??= (await this.engine.call({
      what: 'describe itself',
      run: (docker) => docker.info(),
    })) as EngineDescription;
    return this.known;
  }
}
