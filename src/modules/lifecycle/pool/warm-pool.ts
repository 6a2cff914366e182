import { Injectable, Logger } from '@nestjs/common';
import { DomainError } from '../../../domain/errors/domain-error.js';
import type { ManagedInstance } from '../../../domain/lifecycle/managed-instance.js';
import type { ReadyContainer } from '../../../domain/pool/pool-container.js';
import { PoolContainers } from '../../../domain/pool/pool-containers.repository.js';
import { poolSpecOf } from '../../../domain/pool/pool-spec.js';
import { ContainerRuntime, type ContainerObservation } from '../../../domain/runtime/container-runtime.js';
import type { RuntimeSpec } from '../../../domain/runtime/runtime-spec.js';
import { Telemetry } from '../../../domain/telemetry/telemetry.js';
import { digestOf } from '../../../platform/crypto/digest.js';
import { AgentConnections } from '../agent-connections.js';
import { AgentFolders } from '../agent-folders.js';
import type { ReplicaHold } from '../reconciler/replica-hold.js';
import { within } from '../within.js';
import { PoolDemandNotes } from './pool-demand-notes.js';
import { PoolPlaces } from './pool-places.js';
import { PoolSettings } from './pool-settings.js';

/** Hands warm containers to agents that start for the first time. */
@Injectable()
export class WarmPool {
  private readonly logger = new Logger(WarmPool.name);

  constructor(
    private readonly containers: PoolContainers,
    private readonly runtime: ContainerRuntime,
    private readonly folders: AgentFolders,
    private readonly connections: AgentConnections,
    private readonly places: PoolPlaces,
    private readonly notes: PoolDemandNotes,
    private readonly settings: PoolSettings,
    private readonly telemetry: Telemetry,
  ) {}

  /**
   * A running container of this specification, with its folders where the agent's belong (what lies above them is there already), or
   * null: make one. It is the agent's from now on, and has to be put on record before anything is done with it.
   * @throws LeaseLostError, DomainError WORKSPACE_UNAVAILABLE
   */
  async claim(hold: ReplicaHold, spec: RuntimeSpec): Promise<ContainerObservation | null> {
    if (this.settings.size === 0 || !isFirstAttempt(hold.instance)) return null;
    const poolSpec = poolSpecOf(spec);
    if (poolSpec === null || !(await this.mayClaim(hold.instance, spec))) {
      this.telemetry.poolClaimed('ineligible');
      return null;
    }
    const pool = digestOf(poolSpec);
    const claimed = await this.take(hold, spec, pool);
    this.telemetry.poolClaimed(claimed === null ? 'miss' : 'hit');
    this.notes.note(pool, poolSpec);
    return claimed;
  }

  /**
   * Only into a workspace with nothing in it: the container brings its own, and what an agent has written is never moved. One
   * with hooks starts cold, for they have to have ended before its container starts.
   */
  private async mayClaim({ manifest }: ManagedInstance, spec: RuntimeSpec): Promise<boolean> {
    if (manifest.hooks !== undefined) return false;
    return (await this.folders.isEmpty(spec.workspaceFolder)) && (await this.runtime.canHandOver());
  }

  private async take(hold: ReplicaHold, spec: RuntimeSpec, pool: string): Promise<ContainerObservation | null> {
    for (;;) {
      hold.assertAlive();
      const member = await this.containers.claim(pool, hold.instance.id);
      if (member === null) return null;
      hold.assertAlive();
      if (!(await this.handOver(member, spec))) {
        await this.giveUp(member, 'its folders could not be handed over');
        return null;
      }
      if (await this.answers(member, spec)) return this.observe(member, spec);
      await this.giveUp(member, 'its agent does not answer');
      await this.folders.remove(spec.privateFolder);
    }
  }

  private async handOver({ id }: ReadyContainer, spec: RuntimeSpec): Promise<boolean> {
    const place = this.places.of(id);
    return (
      (await this.folders.handOver(place.workspaceFolder, spec.workspaceFolder)) &&
      (await this.folders.handOver(place.privateFolder, spec.privateFolder))
    );
  }

  /** It may have ended since it was made ready; and it must know nothing of anybody. */
  private async answers({ containerId }: ReadyContainer, { privateFolder }: RuntimeSpec): Promise<boolean> {
    const asking = this.connections.to({ id: containerId, privateFolder }).then((connection) => connection.health());
    try {
      return (await within(this.settings.answerTimeoutMs, 'Asking a warm container', asking)).configured === null;
    } catch (error) {
      if (error instanceof DomainError) return false;
      throw error;
    }
  }

  /** The filler removes it. */
  private async giveUp({ id, containerId }: ReadyContainer, reason: string): Promise<void> {
    this.connections.drop(containerId);
    await this.containers.retire(id, 'claimed');
    this.logger.warn({ msg: `a warm container was given up: ${reason}`, container: containerId });
  }

  private observe({ id, containerId }: ReadyContainer, { owner }: RuntimeSpec): ContainerObservation {
    return {
      id: containerId,
      name: this.places.nameOf(id),
      owner: { installation: owner.installation, pool: id },
      specDigest: null,
      state: 'running',
      pid: null,
      startedAt: null,
      exitCode: null,
      finishedAt: null,
      oomKilled: false,
    };
  }
}

/** Only an agent's first container comes from the pool. One that failed starts cold, for it may be the pool that is ill. */
const isFirstAttempt = ({ lifecycle: { containerId, failures } }: ManagedInstance): boolean =>
  containerId === null && failures === 0;
