import { Injectable } from '@nestjs/common';
import type { PinnedImage } from '../../domain/lifecycle/lifecycle.js';
import { ContainerRuntime, type AgentServerIn } from '../../domain/runtime/container-runtime.js';
import { byDigest } from '../../domain/runtime/image-reference.js';
import { RuntimeError } from '../../domain/runtime/runtime-errors.js';
import { LifecycleSettings } from './lifecycle-settings.js';
import { within } from './within.js';

/** An image that was built anew under its old name is noticed after so long. */
const KEPT_MS = 30_000;

interface Resolution {
  readonly id: Promise<string>;
  readonly until: number;
}

/** Image references turned into ids, remembered for a while: several agents start from the same one. */
@Injectable()
export class ImageResolver {
  private readonly resolutions = new Map<string, Resolution>();

  constructor(
    private readonly runtime: ContainerRuntime,
    private readonly settings: LifecycleSettings,
  ) {}

  /** @throws RuntimeError image-missing, unavailable, timeout */
  async resolve(reference: string): Promise<string> {
    const now = performance.now();
    for (const [name, { until }] of this.resolutions) if (until <= now) this.resolutions.delete(name);
    const known = this.resolutions.get(reference);
    if (known !== undefined) return known.id;
    const id = within(this.settings.imageTimeoutMs, `Finding image ${reference}`, this.runtime.resolveImage(reference));
    const resolution = { id, until: now + KEPT_MS };
    this.resolutions.set(reference, resolution);
    try {
      return await id;
    } catch (error) {
      if (this.resolutions.get(reference) === resolution) this.resolutions.delete(reference);
      throw error;
    }
  }

  /**
   * The image that an agent was made with, whatever its tag means now. One that is gone from the engine is pulled by its digest.
   * @throws RuntimeError image-missing, also when what its registry has is another by now; unavailable, timeout
   */
  async resolvePinned({ reference, id, digest = null }: PinnedImage): Promise<string> {
    const pinned = digest === null ? null : byDigest(reference, digest);
    if (id === null) return this.resolve(pinned ?? reference);
    try {
      return await this.resolve(id);
    } catch (cause) {
      if (!(cause instanceof RuntimeError) || cause.failure !== 'image-missing') throw cause;
      if (pinned === null) throw gone(reference, id, 'no digest is known to pull it by', cause);
    }
    const pulled = await this.resolve(pinned);
    if (pulled !== id) throw gone(reference, id, `${pinned} is another one here: ${pulled}`);
    return id;
  }

  /** @throws RuntimeError image-missing, unavailable, timeout */
  async agentServerIn(id: string): Promise<AgentServerIn> {
    return within(this.settings.callTimeoutMs, 'Looking at an image', this.runtime.agentServerIn(id));
  }

  forget(reference: string): void {
    this.resolutions.delete(reference);
  }

  forgetPinned({ reference, id, digest = null }: PinnedImage): void {
    for (const name of [id, digest === null ? null : byDigest(reference, digest)]) if (name !== null) this.forget(name);
  }
}

const gone = (reference: string, id: string, why: string, cause?: unknown): RuntimeError =>
  new RuntimeError(
    'image-missing',
    `The engine no longer has image ${id}, which ${reference} was when this agent was made, and ${why}. Load that image again, or make another agent.`,
    { cause, details: { image: reference } },
  );
