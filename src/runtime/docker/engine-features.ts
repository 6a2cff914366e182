import type { EngineClient } from './engine-client.js';

/** What of the engine's description of itself is read. */
interface EngineDescription {
  readonly InitBinary?: string;
  readonly InitCommit?: { readonly ID?: string };
}

/** What an engine has beside itself. */
export class EngineFeatures {
  private init: boolean | null = null;

  constructor(private readonly engine: EngineClient) {}

  /** Whether it has a small program to be process 1 of containers; asked once. @throws RuntimeError */
  async hasInit(): Promise<boolean> {
    if (this.init !== null) return this.init;
    const { InitBinary = '', InitCommit } = await this.describe();
    // `N/A` is the engine's word for one that is configured and not installed.
    this.init = InitBinary !== '' && InitCommit?.ID !== 'N/A';
    return this.init;
  }

  private async describe(): Promise<EngineDescription> {
    return (await this.engine.call({ what: 'describe itself', run: (docker) => docker.info() })) as EngineDescription;
  }
}
