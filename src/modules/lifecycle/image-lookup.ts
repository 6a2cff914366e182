import { Injectable, Logger } from '@nestjs/common';
import { ImagePins } from '../../domain/lifecycle/image-pins.js';
import type { ImageIdentity, PinnedImage } from '../../domain/lifecycle/lifecycle.js';
import { ContainerRuntime } from '../../domain/runtime/container-runtime.js';
import { byDigest, imageNameOf } from '../../domain/runtime/image-reference.js';
import { RuntimeError } from '../../domain/runtime/runtime-errors.js';
import { LifecycleSettings } from './lifecycle-settings.js';
import { within } from './within.js';

const ENGINE = 'engine';

@Injectable()
export class ImageLookup extends ImagePins {
  private readonly logger = new Logger(ImageLookup.name);
  /** Shared by a burst of projects. Answers are not kept: a tag that was moved a moment ago means what it means now. */
  private readonly underWay = new Map<string, Promise<PinnedImage | null>>();
  /** Who did not answer in time, the engine or a registry, and until when nobody waits for it again. */
  private readonly silent = new Map<string, number>();
  /** Questions to registries that have no answer yet, also those for which nobody waits any more. */
  private asked = 0;

  constructor(
    private readonly runtime: ContainerRuntime,
    private readonly settings: LifecycleSettings,
  ) {
    super();
  }

  async of(references: readonly string[]): Promise<ReadonlyMap<string, PinnedImage>> {
    if (!this.runtime.capabilities.images) return new Map();
    const pins = await Promise.all([...new Set(references)].map((reference) => this.shared(reference)));
    return new Map(pins.filter((pin) => pin !== null).map((pin) => [pin.reference, pin]));
  }

  private async shared(reference: string): Promise<PinnedImage | null> {
    const pin = this.underWay.get(reference) ?? this.pin(reference);
    this.underWay.set(reference, pin);
    try {
      return await pin;
    } finally {
      this.underWay.delete(reference);
    }
  }

  private async pin(reference: string): Promise<PinnedImage | null> {
    const at = new Date();
    try {
      const identity = await this.identityOf(reference);
      return identity === null ? null : { reference, ...identity, at };
    } catch (cause) {
      this.logger.warn({
        msg: 'what an image is could not be found out; the first start of its agent will',
        reference,
        err: cause,
      });
      return null;
    }
  }

  private async identityOf(reference: string): Promise<ImageIdentity | null> {
    const { imageFindMs, registryAskMs } = this.settings;
    const found = await this.unlessSilent(ENGINE, imageFindMs, 'Finding an image', () =>
      this.runtime.findImage(reference),
    );
    if (found !== null) return { id: found.id, digest: usable(reference, found.digest) };
    const named = imageNameOf(reference);
    if (named === null) return null;
    const digest =
      named.digest ??
      (await this.unlessSilent(named.registry, registryAskMs, `Asking ${named.registry} for an image`, () =>
        this.registryDigest(reference),
      ));
    return usable(reference, digest) === null ? null : { id: null, digest };
  }

  /** Bounded: templates name the registries, each as many as they like, and each may be one that never answers. */
  private async registryDigest(reference: string): Promise<string> {
    if (this.asked >= this.settings.registryQuestions) {
      throw new RuntimeError('refused', `${this.asked} questions to registries wait for their answer already.`);
    }
    this.asked += 1;
    try {
      return await this.runtime.registryDigest(reference);
    } finally {
      this.asked -= 1;
    }
  }

  /** @throws RuntimeError; timeout also when it kept others waiting a moment ago */
  private async unlessSilent<T>(who: string, ms: number, what: string, ask: () => Promise<T>): Promise<T> {
    const now = performance.now();
    for (const [name, until] of this.silent) if (until <= now) this.silent.delete(name);
    if (this.silent.has(who)) throw new RuntimeError('timeout', `${what}: no answer came a moment ago.`);
    try {
      return await within(ms, what, ask());
    } catch (error) {
      if (error instanceof RuntimeError && error.failure === 'timeout')
        this.silent.set(who, performance.now() + this.settings.imageSilenceMs);
      throw error;
    }
  }
}

/** A digest by which the image can be pulled. */
const usable = (reference: string, digest: string | null): string | null =>
  digest === null || byDigest(reference, digest) === null ? null : digest;
