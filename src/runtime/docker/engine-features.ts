import type { EngineClient } from './engine-client.js';
import { ENGINES, type EngineTraits } from './engine-traits.js';

/** What of the engine's description of itself is read. */
interface EngineDescription {
  readonly InitBinary?: string;
  readonly InitCommit?: { readonly ID?: string };
  readonly Runtimes?: Readonly<Record<string, unknown>>;
  /** Podman's alone. */
  readonly BuildahVersion?: string;
}

/** What an engine is, and has beside itself. */
export class EngineFeatures {
  private known: EngineDescription | null = null;

  constructor(private readonly engine: EngineClient) {}

  /** Whether it has a small program to be process 1 of containers. @throws RuntimeError */
  async hasInit(): Promise<boolean> {
    const { InitBinary = '', InitCommit } = await this.describeOnce();
    // `N/A` is the engine's word for one that is configured and not installed.
    return InitBinary !== '' && InitCommit?.ID !== 'N/A';
  }

  /** @throws RuntimeError */
  async traits(): Promise<EngineTraits> {
    return traitsOf(await this.describeOnce());
  }

  /** The OCI runtimes that it runs containers under when it is asked to; an engine learns of new ones while it runs. @throws RuntimeError */
  async ociRuntimes(): Promise<readonly string[]> {
    const described = await this.describe();
    return traitsOf(described).takesOciRuntimes ? Object.keys(described.Runtimes ?? {}) : [];
  }

  private async describeOnce(): Promise<EngineDescription> {
    return this.known ?? (await this.describe());
  }

  private async describe(): Promise<EngineDescription> {
    const described = (await this.engine.call({
      what: 'describe itself',
      run: (docker) => docker.info(),
    })) as EngineDescription;
    this.known = described;
    return described;
  }
}

const traitsOf = ({ BuildahVersion }: EngineDescription): EngineTraits =>
  ENGINES[BuildahVersion === undefined ? 'docker' : 'podman'];
