import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DockerRuntime } from '../../src/runtime/docker/docker.runtime.js';
import { AGENT_IMAGE, describeEngine, engine, ENGINE_HOST, SMALL_IMAGE } from '../support/engine.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** What a template's author could name in place of an image. */
describeEngine('an image reference, on Docker', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let sut: DockerRuntime;
  let decoy: Server;
  const visits: string[] = [];

  beforeAll(async () => {
    folder = await temporaryFolder();
    sut = new DockerRuntime({
      host: ENGINE_HOST,
      stateDir: join(folder.path, 'state'),
      agentImage: AGENT_IMAGE,
      imageCacheMs: 0,
    });
    decoy = createServer((request, answer) => {
      visits.push(request.url ?? '');
      answer.end('{}');
    });
    await new Promise<void>((resolve) => decoy.listen(0, '127.0.0.1', resolve));
  });

  afterAll(async () => {
    await new Promise((resolve) => decoy.close(resolve));
    await folder.remove();
  });

  const idOf = async (reference: string): Promise<string> => (await engine.getImage(reference).inspect()).Id;

  it('stands for an id, whichever way the image is named', async () => {
    const id = await idOf(SMALL_IMAGE);
    expect(await sut.resolveImage(SMALL_IMAGE)).toBe(id);
    expect(await sut.resolveImage(SMALL_IMAGE.replace(/:latest$/, ''))).toBe(id);
    expect(await sut.resolveImage(id)).toBe(id);
    expect(await sut.resolveImage(id.replace('sha256:', ''))).toBe(id);
  });

  it('is found by any of its names, and has no digest where it came from no registry', async () => {
    const id = await idOf(SMALL_IMAGE);
    for (const name of [SMALL_IMAGE, SMALL_IMAGE.replace(/:latest$/, ''), id]) {
      expect(await sut.findImage(name)).toEqual({ id, digest: null });
    }
    expect(await sut.findImage('muster/no-such-image:1')).toBeNull();
  });

  it('is not asked for at a registry where it can come from none', async () => {
    const { port } = decoy.address() as AddressInfo;
    const id = await idOf(SMALL_IMAGE);
    for (const reference of [id, id.replace('sha256:', ''), SMALL_IMAGE]) {
      await expect(sut.registryDigest(reference)).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' });
    }
    expect(visits).toEqual([]);
    // And is where it could.
    await expect(sut.registryDigest(`127.0.0.1:${port}/a/b:1`)).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' });
    expect(visits).toContain('/v2/');
    visits.length = 0;
  });

  it('that leads elsewhere than to an image makes Muster call nobody', async () => {
    const { port } = decoy.address() as AddressInfo;
    // The engine answers such a path with a redirect, which leads to that host and port.
    for (const reference of [
      `a/../../127.0.0.1:${port}/a`,
      `a/../127.0.0.1:${port}/a`,
      'a/../../../version',
      '../info',
    ]) {
      await expect(sut.resolveImage(reference)).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' });
      await expect(sut.findImage(reference)).resolves.toBeNull();
      await expect(sut.registryDigest(reference)).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' });
    }
    expect(visits).toEqual([]);
  });

  describe('that is the beginning of an id', () => {
    it.each([
      ['plain', (hex: string) => hex.slice(0, 12)],
      ['with its algorithm', (hex: string) => `sha256:${hex.slice(0, 12)}`],
    ])('is not taken for the image of that id: %s', async (_, shorten) => {
      const id = await idOf(SMALL_IMAGE);
      await expect(sut.findImage(shorten(id.replace(/^sha256:/, '')))).resolves.toBeNull();
    });

    it('is taken for what has that name', async () => {
      const id = await idOf(SMALL_IMAGE);
      const name = id.replace(/^sha256:/, '').slice(0, 12);
      await engine.getImage(SMALL_IMAGE).tag({ repo: name, tag: 'latest' });
      try {
        expect(await sut.findImage(name)).toEqual({ id, digest: null });
      } finally {
        await engine.getImage(`${name}:latest`).remove();
      }
    });
  });
});
