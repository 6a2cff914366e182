import { Injectable } from '@nestjs/common';
import { ContainerRuntime } from '../../../domain/runtime/container-runtime.js';
import { LifecycleSettings } from '../lifecycle-settings.js';
import { within } from '../within.js';
import type { ReplicaHold } from './replica-hold.js';

/** Engine calls made under a hold: none without a live lease, none that outlasts it. */
@Injectable()
export class Engine {
  constructor(
    readonly runtime: ContainerRuntime,
    private readonly settings: LifecycleSettings,
  ) {}

  /**
   * `extraMs`: what the call may take beyond an ordinary one, such as a grace period; the hold is renewed meanwhile.
   * @throws LeaseLostError, RuntimeError (timeout: look at what became of it)
   */
  async call<T>(
    hold: Pick<ReplicaHold, 'assertAlive'>,
    what: string,
    call: (runtime: ContainerRuntime) => Promise<T>,
    extraMs = 0,
  ): Promise<T> {
    hold.assertAlive();
    const result = await within(this.settings.callTimeoutMs + extraMs, what, call(this.runtime));
    hold.assertAlive();
    return result;
  }
}
