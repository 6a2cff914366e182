import { Logger } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LifecycleState } from '../../domain/lifecycle/lifecycle-states.js';
import type { ManagedInstance } from '../../domain/lifecycle/managed-instance.js';
import type { Uplink } from '../../domain/runtime/uplink.js';
import type { NetworkSettings } from './network-settings.js';

/** States in which a container may run. A program may need what it reaches before it is healthy. */
const UP: ReadonlySet<LifecycleState> = new Set<LifecycleState>(['starting', 'running', 'paused']);
/** So many failures in a row are worth telling. */
const TOLD_AFTER = 6;

/** @param flooded called when the agent does nothing but ask */
export type OpenUplink = (of: AgentUplinks, replica: number, flooded: () => void) => Promise<Uplink>;

interface Held {
  readonly containerId: string;
  readonly end: AbortController;
}

/** The uplinks of one agent that this process holds: one to each replica whose container is up. */
export class AgentUplinks {
  private readonly logger = new Logger('Network');
  private readonly held = new Map<number, Held>();

  constructor(
    private instance: ManagedInstance,
    private readonly open: OpenUplink,
    private readonly settings: NetworkSettings,
  ) {}

  /** As it was seen last. */
  get agent(): ManagedInstance {
    return this.instance;
  }

  /** Opens what is missing, and closes what is over. */
  update(instance: ManagedInstance): void {
    this.instance = instance;
    const up = new Map(
      instance.lifecycle.replicas.flatMap(({ index, containerId, state }) =>
        containerId !== null && UP.has(state) ? [[index, containerId] as const] : [],
      ),
    );
    for (const [replica, { containerId }] of this.held) if (up.get(replica) !== containerId) this.drop(replica);
    for (const [replica, containerId] of up) if (!this.held.has(replica)) this.hold(replica, containerId);
  }

  close(): void {
    for (const replica of [...this.held.keys()]) this.drop(replica);
  }

  private drop(replica: number): void {
    this.held.get(replica)?.end.abort();
    this.held.delete(replica);
  }

  private hold(replica: number, containerId: string): void {
    const end = new AbortController();
    this.held.set(replica, { containerId, end });
    void this.keepOpen(replica, end.signal);
  }

  /** Again and again, for a container may be started again, and its agent-server with it. */
  private async keepOpen(replica: number, end: AbortSignal): Promise<void> {
    const { retryMs, retryLongestMs, stableMs } = this.settings;
    for (let failures = 0; !end.aborted; failures += 1) {
      const openedAt = performance.now();
      await this.once(replica, end).catch((error: unknown) => {
        if (failures !== TOLD_AFTER) return;
        this.logger.warn({ msg: "an agent's uplink cannot be opened", agent: this.instance.id, replica, err: error });
      });
      if (performance.now() - openedAt > stableMs) failures = 0;
      const wait = Math.min(retryMs * 2 ** Math.min(failures, 16), retryLongestMs);
      await sleep(wait, undefined, { signal: end, ref: false }).catch(() => undefined);
    }
  }

  /** Resolves when it is closed, by whomever. */
  private async once(replica: number, end: AbortSignal): Promise<void> {
    const flood = new AbortController();
    const uplink = await this.open(this, replica, () => {
      flood.abort();
    });
    const close = (): void => {
      uplink.close();
    };
    const either = AbortSignal.any([end, flood.signal]);
    either.addEventListener('abort', close, { once: true });
    if (either.aborted) close();
    await uplink.closed;
    if (flood.signal.aborted) {
      this.logger.warn({
        msg: 'an agent asked for nothing but connections; its uplink was closed',
        agent: this.instance.id,
      });
      await sleep(this.settings.retryLongestMs, undefined, { signal: end, ref: false }).catch(() => undefined);
    }
  }
}
