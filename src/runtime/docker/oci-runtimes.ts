import { RuntimeError } from '../../domain/runtime/runtime-errors.js';
import type { RuntimeSpec } from '../../domain/runtime/runtime-spec.js';
import type { EngineClient } from './engine-client.js';
import { OCI_RUNTIMES } from './host-config.js';

type Isolation = RuntimeSpec['isolation'];

interface EngineInfo {
  readonly Runtimes?: Readonly<Record<string, unknown>>;
  /** Podman's alone. */
  readonly BuildahVersion?: string;
}

/** The OCI runtimes an engine really has. A weaker one than was asked for is never an answer. */
export class OciRuntimes {
  constructor(private readonly engine: EngineClient) {}

  /** What a container may ask for. @throws RuntimeError */
  async isolations(): Promise<readonly Isolation[]> {
    const { Runtimes = {}, BuildahVersion } = (await this.engine.call({
      what: 'describe itself',
      run: (docker) => docker.info(),
    })) as EngineInfo;
    // Podman lists what it would look for, installed or not, and uses its usual one whatever a container asks for.
    const has = (runtime: string): boolean => BuildahVersion === undefined && runtime in Runtimes;
    return (Object.keys(OCI_RUNTIMES) as Isolation[]).filter((isolation) => {
      const runtime = OCI_RUNTIMES[isolation];
      return runtime === null || has(runtime);
    });
  }

  /** @throws RuntimeError unsupported */
  async assertAvailable(isolation: Isolation): Promise<void> {
    if (OCI_RUNTIMES[isolation] !== null && !(await this.isolations()).includes(isolation))
      throw unsupported(isolation);
  }

  /** Looks at what a new container was really given. @throws RuntimeError unsupported, when that is another */
  async assertGiven(isolation: Isolation, container: string): Promise<void> {
    const runtime = OCI_RUNTIMES[isolation];
    if (runtime === null) return;
    const { HostConfig } = await this.engine.call({
      what: `look at container ${container}`,
      run: (docker, abortSignal) => docker.getContainer(container).inspect({ abortSignal }),
    });
    if (HostConfig.Runtime !== runtime) throw unsupported(isolation);
  }
}

function unsupported(isolation: Isolation): RuntimeError {
  const needed = OCI_RUNTIMES[isolation] ?? "the engine's own";
  return new RuntimeError(
    'unsupported',
    `The engine does not have the OCI runtime ${needed}, which ${isolation} needs, or does not use it when asked.`,
  );
}
