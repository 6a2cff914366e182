import type { PinnedImage } from './lifecycle.js';

/** Finds out what images are while agents are made from manifests that name them. */
export abstract class ImagePins {
  /**
   * What these references mean now, each by its reference: as the engine has it, else as its registry does. Takes a few seconds at most,
   * pulls nothing and never fails: what nobody can tell in that time is not in the answer, and its agent's first start finds out.
   */
  abstract of(references: readonly string[]): Promise<ReadonlyMap<string, PinnedImage>>;
}
