import { beforeEach, describe, expect, it } from '@jest/globals';
import type { PinnedImage } from '../../domain/lifecycle/lifecycle.js';
import type { ContainerRuntime } from '../../domain/runtime/container-runtime.js';
import { RuntimeError } from '../../domain/runtime/runtime-errors.js';
import { ImageResolver } from './image-resolver.js';
import { LifecycleSettings } from './lifecycle-settings.js';

const [ONE, TWO] = [`sha256:${'1'.repeat(64)}`, `sha256:${'2'.repeat(64)}`];
const DIGEST = `sha256:${'d'.repeat(64)}`;
const [reference, pinned, at] = ['team/a:1', `team/a@${DIGEST}`, new Date()];

describe('resolving what an agent was made with', () => {
  /** What the engine has, or can pull. */
  let images: Map<string, string>;
  let asked: string[];
  let sut: ImageResolver;

  beforeEach(() => {
    // The tag means another image by now.
    images = new Map([[reference, TWO]]);
    asked = [];
    const resolveImage = async (name: string): Promise<string> => {
      asked.push(name);
      const id = images.get(name);
      if (id === undefined) throw new RuntimeError('image-missing', `There is no ${name}.`);
      return Promise.resolve(id);
    };
    sut = new ImageResolver({ resolveImage } as unknown as ContainerRuntime, new LifecycleSettings());
  });

  it.each<[string, PinnedImage]>([
    ['an id alone', { reference, id: ONE, at }],
    ['an id, and a digest', { reference, id: ONE, digest: DIGEST, at }],
  ])('takes the image of that id, and asks for nothing else: %s', async (_, image) => {
    images.set(ONE, ONE).set(pinned, TWO);
    expect(await sut.resolvePinned(image)).toBe(ONE);
    expect(asked).toEqual([ONE]);
  });

  it('takes the image of its digest while no id is known, never that of the tag', async () => {
    const image = { reference, id: null, digest: DIGEST, at };
    await expect(sut.resolvePinned(image)).rejects.toMatchObject({ failure: 'image-missing' });
    images.set(pinned, ONE);
    expect(await sut.resolvePinned(image)).toBe(ONE);
    expect(asked).not.toContain(reference);
  });

  it('has one that is gone pulled by its digest', async () => {
    images.set(pinned, ONE);
    expect(await sut.resolvePinned({ reference, id: ONE, digest: DIGEST, at })).toBe(ONE);
    expect(asked).toEqual([ONE, pinned]);
  });

  it('does not take another image that is there under the digest', async () => {
    images.set(pinned, TWO);
    await expect(sut.resolvePinned({ reference, id: ONE, digest: DIGEST, at })).rejects.toMatchObject({
      code: 'IMAGE_NOT_FOUND',
      message: expect.stringContaining(ONE),
    });
  });

  it('cannot have one pulled of which no digest is known', async () => {
    await expect(sut.resolvePinned({ reference, id: ONE, digest: null, at })).rejects.toMatchObject({
      failure: 'image-missing',
    });
    expect(asked).toEqual([ONE]);
  });

  it('pulls nothing when the engine does not say whether it has it', async () => {
    images.set(pinned, ONE);
    const resolveImage = async (name: string): Promise<string> => {
      asked.push(name);
      return Promise.reject(new RuntimeError('unavailable', 'Away.'));
    };
    sut = new ImageResolver({ resolveImage } as unknown as ContainerRuntime, new LifecycleSettings());
    await expect(sut.resolvePinned({ reference, id: ONE, digest: DIGEST, at })).rejects.toMatchObject({
      failure: 'unavailable',
    });
    expect(asked).toEqual([ONE]);
  });

  it('looks anew once it is forgotten', async () => {
    images.set(ONE, ONE).set(pinned, ONE);
    const image = { reference, id: ONE, digest: DIGEST, at };
    await sut.resolvePinned(image);
    images.delete(ONE);
    sut.forgetPinned(image);
    await sut.resolvePinned(image);
    expect(asked).toEqual([ONE, ONE, pinned]);
  });
});
