import type { ContainerInspectInfo } from 'dockerode';
import type { CompanionObservation } from '../../domain/runtime/container-runtime.js';
import { toCompanion } from './container-observation.js';
import type { EngineClient } from './engine-client.js';
import { ignoring } from './engine-error.js';

const KNOWN_AT_MOST = 10_000;
/** As makeHostConfig says it. */
const JOINED = /^container:([0-9a-f]{64})$/;

interface Found {
  readonly id: string;
  readonly state: string;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * Which container has which companion: the one whose network it joined. That never changes, so what is remembered here only
 * saves asking again; and no image can say it, as it could say a label.
 */
export class Companions {
  private readonly known = new Map<string, string | null>();

  constructor(private readonly engine: EngineClient) {}

  /** Notes how a container was made. @returns the id of its companion */
  note(id: string, networkMode: string | undefined): string | null {
    const companion = JOINED.exec(networkMode ?? '')?.[1] ?? null;
    if (this.known.size >= KNOWN_AT_MOST) this.known.clear();
    this.known.set(id, companion);
    return companion;
  }

  /** The id of its companion; null when it has none, or is not there. @throws RuntimeError */
  async of(id: string): Promise<string | null> {
    const known = this.known.get(id);
    if (known !== undefined) return known;
    const info = await this.look(id);
    return info ? this.note(info.Id, info.HostConfig.NetworkMode) : null;
  }

  /** @throws RuntimeError */
  async observe(id: string): Promise<CompanionObservation> {
    const info = await this.look(id);
    return info ? toCompanion(info) : { id, state: 'missing', exitCode: null, oomKilled: false };
  }

  /** Whoever has that name. @throws RuntimeError */
  async find(name: string): Promise<Found | null> {
    const info = await this.look(name);
    // Podman's have no slash in front.
    if (info?.Name.replace(/^\//, '') !== name) return null;
    return { id: info.Id, state: info.State.Status, labels: info.Config.Labels };
  }

  /** Before the container that joins its network. @throws RuntimeError start-failed */
  async start(id: string): Promise<void> {
    await this.engine.call({
      what: `start companion ${id}`,
      run: (docker, abortSignal) => docker.getContainer(id).start({ abortSignal }).catch(ignoring(304)),
      meaning: { otherwise: 'start-failed' },
    });
  }

  /** After the container it is for: it has nothing left to do. @throws RuntimeError stop-failed */
  async stop(id: string): Promise<void> {
    await this.engine.call({
      what: `stop companion ${id}`,
      run: (docker, abortSignal) => docker.getContainer(id).stop({ t: 1, abortSignal }).catch(ignoring(304, 404)),
      meaning: { otherwise: 'stop-failed' },
      moreTimeMs: 1000,
    });
  }

  private async look(idOrName: string): Promise<ContainerInspectInfo | undefined> {
    const found = await this.engine.call({
      what: `look at container ${idOrName}`,
      run: (docker, abortSignal) => docker.getContainer(idOrName).inspect({ abortSignal }).catch(ignoring(404)),
    });
    return found ?? undefined;
  }
}
