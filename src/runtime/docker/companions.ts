import type { ContainerInspectInfo } from 'dockerode';
import type { CompanionObservation } from '../../domain/runtime/container-runtime.js';
import { RuntimeError } from '../../domain/runtime/runtime-errors.js';
import { SECRETS_FOLDER } from '../../domain/templates/secret-files.js';
import { toCompanion } from './container-observation.js';
import { STARTING, type EngineClient } from './engine-client.js';
import { ignoring } from './engine-error.js';
import { isolationOf, type Isolation } from './isolations.js';

const KNOWN_AT_MOST = 10_000;
/** As makeHostConfig says it. */
const JOINED = /^container:([0-9a-f]{64})$/;

/** What goes with a container. */
interface Attached {
  /** By what it is isolated. */
  readonly isolation: Isolation;
  readonly companion: string | null;
  /** The memory for secrets that both share; it goes with the companion, unless somebody took that away by itself. */
  readonly memory: string | null;
}

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
  private readonly known = new Map<string, Attached>();

  constructor(private readonly engine: EngineClient) {}

  /** Notes how a container was made. @returns the id of its companion */
  note(info: Pick<ContainerInspectInfo, 'Id' | 'HostConfig' | 'Mounts'>): string | null {
    const companion = JOINED.exec(info.HostConfig.NetworkMode ?? '')?.[1] ?? null;
    const isolation = isolationOf(info.HostConfig.Runtime);
    this.remember(info.Id, { isolation, companion, memory: companion === null ? null : memoryOf(info) });
    return companion;
  }

  /** Notes that a container was made without one. */
  noteAlone(id: string, isolation: Isolation): void {
    this.remember(id, { isolation, companion: null, memory: null });
  }

  /** The id of its companion; null when it has none, or is not there. @throws RuntimeError */
  async of(id: string): Promise<string | null> {
    return (await this.attachedTo(id)).companion;
  }

  /** @throws RuntimeError */
  async attachedTo(id: string): Promise<Attached> {
    if (!this.known.has(id)) {
      const info = await this.look(id);
      if (info) this.note(info);
    }
    return this.known.get(id) ?? { isolation: 'runc', companion: null, memory: null };
  }

  /** The memory that was made with a companion for what it is given. @throws RuntimeError unsupported when there is none */
  async memoryOf(companion: string): Promise<string> {
    const info = await this.look(companion);
    const memory = info ? memoryOf(info) : null;
    if (memory === null) {
      throw new RuntimeError('unsupported', 'The engine made no memory that two containers can share for secrets.');
    }
    return memory;
  }

  /** Of containers that are gone. */
  async removeMemory(name: string): Promise<void> {
    await this.engine.call({
      what: `remove volume ${name}`,
      meaning: { otherwise: 'remove-failed' },
      run: (docker) => docker.getVolume(name).remove().catch(ignoring(404, 409)),
    });
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
      run: (docker) => docker.getContainer(id).start().catch(ignoring(304)),
      ...STARTING,
    });
  }

  /** After the container it is for: it has nothing left to do. @throws RuntimeError stop-failed */
  async stop(id: string): Promise<void> {
    await this.engine.call({
      what: `stop companion ${id}`,
      run: (docker) => docker.getContainer(id).stop({ t: 1 }).catch(ignoring(304, 404)),
      meaning: { otherwise: 'stop-failed' },
      moreTimeMs: 1000,
    });
  }

  private remember(id: string, attached: Attached): void {
    if (this.known.size >= KNOWN_AT_MOST) this.known.clear();
    this.known.set(id, attached);
  }

  private async look(idOrName: string): Promise<ContainerInspectInfo | undefined> {
    const found = await this.engine.call({
      what: `look at container ${idOrName}`,
      run: (docker) => docker.getContainer(idOrName).inspect().catch(ignoring(404)),
    });
    return found ?? undefined;
  }
}

const memoryOf = ({ Mounts }: Pick<ContainerInspectInfo, 'Mounts'>): string | null =>
  Mounts.find(({ Type, Destination }) => Type === 'volume' && Destination === SECRETS_FOLDER)?.Name ?? null;
