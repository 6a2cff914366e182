import { Injectable } from '@nestjs/common';
import { ContainerNameTakenError } from '../../../domain/lifecycle/container-name-taken.error.js';
import { canStart, type TransitionReason } from '../../../domain/lifecycle/next-step.js';
import type { PinnedImage, Replica } from '../../../domain/lifecycle/lifecycle.js';
import type { ContainerObservation } from '../../../domain/runtime/container-runtime.js';
import { isEngineAway, RuntimeError } from '../../../domain/runtime/runtime-errors.js';
import type { RuntimeSpec } from '../../../domain/runtime/runtime-spec.js';
import { AgentConnections } from '../agent-connections.js';
import { AgentFolders } from '../agent-folders.js';
import { ContainerPlanner, isSameOwner } from '../container-planner.js';
import { WarmPool } from '../pool/warm-pool.js';
import { Engine } from '../reconciler/engine.js';
import type { ReplicaHold } from '../reconciler/replica-hold.js';
import { unlessAborted } from '../unless-aborted.js';
import type { PreStopOutcome } from './pre-stop.js';

/** What is known about the container after a step; undefined: it has to be looked at. */
export type Seen = ContainerObservation | null | undefined;

interface Prepared {
  readonly spec: RuntimeSpec;
  /** One that was claimed from the pool. */
  readonly warm: ContainerObservation | null;
}

interface Made {
  readonly container: ContainerObservation;
  readonly spec: RuntimeSpec;
  readonly reason: TransitionReason;
}

/** Steps that make containers and remove them. */
@Injectable()
export class ContainerSteps {
  private readonly anticipated = new WeakMap<ReplicaHold, Promise<Prepared | null>>();

  constructor(
    private readonly engine: Engine,
    private readonly planner: ContainerPlanner,
    private readonly folders: AgentFolders,
    private readonly connections: AgentConnections,
    private readonly pool: WarmPool,
  ) {}

  async look(hold: ReplicaHold): Promise<Seen> {
    const id = hold.instance.lifecycle.containerId;
    return id === null ? null : this.engine.call(hold, 'Looking at the container', (runtime) => runtime.inspect(id));
  }

  /**
   * → creating, and meanwhile what `create` will need; what fails of that is told there. A warm container that is claimed before the agent
   * is in `creating` is claimed again by whoever goes on with the agent.
   */
  async begin(hold: ReplicaHold, transition: () => Promise<void>): Promise<void> {
    const inVain = new AbortController();
    const prepared = this.prepare(hold, inVain.signal);
    const settled = prepared.then(
      () => undefined,
      () => undefined,
    );
    this.anticipated.set(hold, prepared);
    try {
      await transition();
    } catch (error) {
      // Nothing goes on under a lease that is given back.
      inVain.abort();
      await settled;
      throw error;
    }
  }

  /** creating → starting. The container's id is on record before it is started. Nothing is made when something else is wanted meanwhile. */
  async create(hold: ReplicaHold): Promise<Seen> {
    await this.removeRecorded(hold);
    const made = await this.make(hold);
    if (made === null) return undefined;
    const { container, spec, reason } = made;
    const image = await this.pinOf(hold, spec);
    const replica = this.newReplica(hold, container, spec);
    await hold.transition({ to: 'starting', reason, replica, ...(image === null ? {} : { image }) });
    return container;
  }

  /** stopped or failed → starting with the same container, or → creating when a new one would be another. */
  async reuse(hold: ReplicaHold, container: Seen): Promise<Seen> {
    const spec = await this.planOrNull(hold);
    if (hold.interrupted.aborted) return container;
    if (!container || spec?.specDigest !== container.specDigest) {
      await hold.transition({ to: 'creating', reason: 'container-outdated', error: null });
      return container;
    }
    const replica = this.newReplica(hold, container, spec);
    const reason = hold.instance.lifecycle.sleep === 'waking' ? 'woken' : 'container-reused';
    await hold.transition({ to: 'starting', reason, replica, error: null });
    return container;
  }

  /** stopped → disabled: the container goes, and with it all it took of the engine; the workspace stays. */
  async retire(hold: ReplicaHold): Promise<Seen> {
    await this.removeRecorded(hold);
    const owner = await this.planner.ownerOf(hold.instance, hold.replica);
    hold.assertAlive();
    await this.folders.remove(this.planner.privateFolderOf(owner));
    await hold.transition({ to: 'disabled', reason: 'container-removed', replica: null, error: null });
    return null;
  }

  /** removing → removed: the container and its folders; with the first replica, which goes last, the agent itself. */
  async remove(hold: ReplicaHold, before: PreStopOutcome): Promise<Seen> {
    await this.removeRecorded(hold);
    const { instance } = hold;
    const owner = await this.planner.ownerOf(instance, hold.replica);
    hold.assertAlive();
    const aside = [this.planner.filesFolderOf(owner), this.planner.hooksFolderOf(owner)];
    const shared = hold.replica === 0 ? [...aside, ...this.planner.ownFolders(instance)] : [];
    await this.folders.remove(this.planner.privateFolderOf(owner), ...shared);
    await hold.transition({
      to: 'removed',
      reason: before === 'failed' ? 'pre-stop-failed' : 'container-removed',
      replica: null,
      error: null,
      retryAt: null,
      observedGeneration: instance.lifecycle.desired.generation,
    });
    return null;
  }

  /** The container on record, in whatever state it is. */
  async removeRecorded(hold: ReplicaHold): Promise<void> {
    const { containerId: id, replicas } = hold.instance.lifecycle;
    if (id === null) return;
    this.connections.drop(id);
    await this.engine.call(hold, 'Removing the container', (runtime) => runtime.remove(id));
    const companion = replicas[0]?.companionId ?? null;
    // Gone with it, unless somebody took the container away by itself.
    if (companion !== null)
      await this.engine.call(hold, 'Removing the companion', (runtime) => runtime.remove(companion));
  }

  /** null: something else is wanted meanwhile. */
  private async make(hold: ReplicaHold): Promise<Made | null> {
    const anticipated = this.anticipated.get(hold);
    this.anticipated.delete(hold);
    // What was begun in advance may have been given up for a request that is dealt with by now.
    const prepared = (await anticipated) ?? (await this.prepare(hold));
    if (prepared === null) return null;
    const { spec, warm } = prepared;
    if (warm !== null) return { container: warm, spec, reason: 'container-claimed' };
    try {
      return await this.makeFrom(hold, spec);
    } catch (error) {
      if (!(error instanceof RuntimeError) || error.failure !== 'image-missing') throw error;
      // It was there when it was looked up. It may have been built anew since.
      this.planner.forgetImage(hold.instance);
      const anew = await this.preparedPlan(hold);
      return anew === null ? null : this.makeFrom(hold, anew);
    }
  }

  private async prepare(hold: ReplicaHold, ...signals: readonly AbortSignal[]): Promise<Prepared | null> {
    const spec = await this.preparedPlan(hold, ...signals);
    if (spec === null) return null;
    // One from the pool brings its own workspace; that of the others is the first replica's.
    return { spec, warm: hold.replica === 0 ? await this.pool.claim(hold, spec) : null };
  }

  /** With the folders above those that it names; null when something else is wanted meanwhile. */
  private async preparedPlan(hold: ReplicaHold, ...signals: readonly AbortSignal[]): Promise<RuntimeSpec | null> {
    const spec = await this.plan(hold, ...signals);
    if (spec === null) return null;
    const own = (spec.mounts ?? []).filter(({ own: isOwn }) => isOwn).map(({ source }) => source);
    await this.folders.prepare(spec.privateFolder, spec.workspaceFolder, ...own);
    return spec;
  }

  /** An image may have to be pulled first, for minutes: a stop does not wait for it. */
  private async plan(hold: ReplicaHold, ...signals: readonly AbortSignal[]): Promise<RuntimeSpec | null> {
    const signal = AbortSignal.any([hold.lost, hold.interrupted, ...signals]);
    return hold.wait(() => unlessAborted(signal, () => this.planner.plan(hold.instance, hold.replica)));
  }

  private async makeFrom(hold: ReplicaHold, spec: RuntimeSpec): Promise<Made> {
    try {
      return await this.createNew(hold, spec);
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      if (error.failure !== 'name-conflict' && error.failure !== 'timeout') throw error;
      const container = await this.adopt(hold, spec);
      if (container !== null) return { container, spec, reason: 'container-adopted' };
      if (error.failure === 'timeout') throw error;
      return this.createNew(hold, spec);
    }
  }

  private async createNew(hold: ReplicaHold, spec: RuntimeSpec): Promise<Made> {
    const id = await this.engine.call(hold, 'Creating the container', (runtime) => runtime.create(spec));
    const container = spec.companion === undefined ? newContainer(id, spec) : await this.lookAtNew(hold, id);
    return { container, spec, reason: 'container-created' };
  }

  /** With its companion. */
  private async lookAtNew(hold: ReplicaHold, id: string): Promise<ContainerObservation> {
    const seen = await this.engine.call(hold, 'Looking at the container', (runtime) => runtime.inspect(id));
    if (seen === null) throw new RuntimeError('not-found', `Container ${id} was removed as soon as it was made.`);
    return seen;
  }

  /** The container of that name, when it is what would be made; one of this agent's own that is not makes way. */
  private async adopt(hold: ReplicaHold, spec: RuntimeSpec): Promise<ContainerObservation | null> {
    const found = await this.engine.call(hold, 'Looking at the container', (runtime) => runtime.inspect(spec.name));
    if (found === null) return null;
    if (!isSameOwner(found.owner, spec.owner)) throw new ContainerNameTakenError(spec.name);
    if (found.specDigest === spec.specDigest && canStart(found)) return found;
    await this.engine.call(hold, 'Removing the old container', (runtime) => runtime.remove(found.id));
    return null;
  }

  /**
   * On record before the container first starts: an agent that was made while nobody could tell what its image is starts later from
   * what this one was made from, and one that its registry alone told of has an id from now on. null: nothing is new.
   */
  private async pinOf(hold: ReplicaHold, spec: RuntimeSpec): Promise<PinnedImage | null> {
    const { manifest, lifecycle } = hold.instance;
    const [reference, pinned] = [manifest.image, lifecycle.image ?? null];
    if (reference === undefined || (pinned?.id && pinned.companion !== undefined)) return null;
    const known = { id: spec.image, companion: spec.companion !== undefined };
    if (pinned !== null) return { ...pinned, ...known };
    const at = new Date();
    const found = await this.engine.call(hold, 'Finding the image', (runtime) => runtime.findImage(reference));
    // Its tag may have been moved since it was resolved.
    return { reference, ...known, digest: found?.id === spec.image ? found.digest : null, at };
  }

  private async planOrNull(hold: ReplicaHold): Promise<RuntimeSpec | null> {
    try {
      return await this.plan(hold);
    } catch (error) {
      if (isEngineAway(error)) throw error;
      // Making a new container meets the same trouble, and says so.
      return null;
    }
  }

  private newReplica(hold: ReplicaHold, { id, name, companion }: ContainerObservation, spec: RuntimeSpec): Replica {
    return {
      index: hold.replica,
      operator: this.engine.runtime.name,
      containerId: id,
      containerName: name,
      companionId: companion?.id ?? null,
      specDigest: spec.specDigest,
      ...(spec.secrets === undefined
        ? {}
        : { secrets: spec.secrets.map(({ variable, secret }) => ({ variable, name: secret, given: null })) }),
      restartToken: hold.instance.lifecycle.desired.restartToken,
      configuredRevision: 0,
      pid: null,
      state: 'starting',
      health: 'unknown',
      startedAt: null,
      endpoint: null,
    };
  }
}

const newContainer = (id: string, spec: RuntimeSpec): ContainerObservation => ({
  id,
  name: spec.name,
  owner: spec.owner,
  specDigest: spec.specDigest,
  state: 'created',
  pid: null,
  startedAt: null,
  exitCode: null,
  finishedAt: null,
  oomKilled: false,
});
