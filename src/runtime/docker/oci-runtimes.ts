import { RuntimeError } from '../../domain/runtime/runtime-errors.js';
import type { EngineClient } from './engine-client.js';
import type { EngineFeatures } from './engine-features.js';
import { isolationOf, ISOLATIONS, type Isolation } from './isolations.js';

/** The OCI runtimes an engine really has. A weaker one than was asked for is never an answer. */
export class OciRuntimes {
  constructor(
    private readonly engine: EngineClient,
    private readonly features: EngineFeatures,
  ) {}

  /** What a container may ask for. @throws RuntimeError */
  async isolations(): Promise<readonly Isolation[]> {
    const has = await this.features.ociRuntimes();
    return (Object.keys(ISOLATIONS) as Isolation[]).filter((isolation) => {
      const { ociRuntime } = ISOLATIONS[isolation];
      return ociRuntime === null || has.includes(ociRuntime);
    });
  }

  /** @throws RuntimeError unsupported */
  async assertAvailable(isolation: Isolation): Promise<void> {
    const { ociRuntime } = ISOLATIONS[isolation];
    if (ociRuntime !== null && !(await this.isolations()).includes(isolation)) throw unsupported(isolation);
  }

  /** Looks at what a new container was really given. @throws RuntimeError unsupported, when that is another */
  async assertGiven(isolation: Isolation, container: string): Promise<void> {
    if (ISOLATIONS[isolation].ociRuntime === null) return;
    const { HostConfig } = await this.engine.call({
      what: `look at container ${container}`,
      run: (docker) => docker.getContainer(container).inspect(),
    });
    if (isolationOf(HostConfig.Runtime) !== isolation) throw unsupported(isolation);
  }
}

function unsupported(isolation: Isolation): RuntimeError {
  const needed = ISOLATIONS[isolation].ociRuntime ?? "the engine's own";
  return new RuntimeError(
    'unsupported',
    `The engine does not have the OCI runtime ${needed}, which ${isolation} needs, or does not use it when asked.`,
  );
}
