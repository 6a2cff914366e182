import { describe, expect, it } from '@jest/globals';
import { lstat, readdir } from 'node:fs/promises';
import type { ContractContext } from './contract-context.js';

/** What a runtime says of itself, images, and making containers. */
export function creationContract(on: ContractContext): void {
  describe('about itself', () => {
    it('says what it is', async () => {
      const info = await on.sut.info();
      expect(info.name).not.toBe('');
      expect(info.version).toMatch(/^\d+\./);
    });

    it('says what it does less well than others, and what is noticed of that', async () => {
      const { shortcomings } = await on.sut.info();
      const here = shortcomings.filter(({ isolation = on.harness.isolation }) => isolation === on.harness.isolation);
      expect(here.map(({ feature }) => feature)).toEqual(on.harness.lacks);
      for (const { effect } of here) expect(effect).toMatch(/^[A-Z].+\.$/);
    });

    it('warns exactly when it is no boundary', () => {
      expect(on.sut.warning === null).toBe(on.sut.capabilities.isolation);
    });
  });

  describe('images', () => {
    it('resolves a reference to the same immutable id each time', async () => {
      const id = await on.sut.resolveImage(on.harness.image('serving'));
      expect(id).toMatch(/sha256:[0-9a-f]{64}$/);
      expect(await on.harness.runtime().resolveImage(on.harness.image('serving'))).toBe(id);
      expect(await on.sut.resolveImage(id)).toBe(id);
    });

    it('tells what it has without pulling, and nothing of what it has not', async () => {
      const { images } = on.sut.capabilities;
      const id = await on.sut.resolveImage(on.harness.image('serving'));
      expect((await on.sut.findImage(on.harness.image('serving')))?.id).toBe(images ? id : undefined);
      expect(await on.sut.findImage('muster/no-such-image:1')).toBeNull();
      await expect(on.sut.registryDigest('muster/no-such-image:1')).rejects.toMatchObject({
        failure: images ? 'image-missing' : 'unsupported',
      });
    });

    it('says that it does not have an image', async () => {
      await expect(on.sut.resolveImage('muster/no-such-image:1')).rejects.toMatchObject({
        failure: on.harness.unknownImage,
      });
    });

    it('refuses to create from an image that is gone', async () => {
      const gone = (await on.sut.resolveImage(on.harness.image('serving'))).replace(/[0-9a-f]{64}$/, '0'.repeat(64));
      await expect(on.sut.create(on.specs.build(gone))).rejects.toMatchObject({
        failure: 'image-missing',
        code: 'IMAGE_NOT_FOUND',
      });
    });
  });

  describe('create', () => {
    it('makes a container that does nothing yet', async () => {
      const { id, spec } = await on.created();
      const { program, isAltered = false, ...seen } = (await on.sut.inspect(id))!;
      expect(isAltered).toBe(false);
      // What an exec needs to know to run the same again.
      expect(program !== undefined).toBe(on.sut.capabilities.exec);
      expect(seen).toEqual({
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
      expect(await readdir(spec.privateFolder)).toEqual([]);
    });

    it('finds it by its name too, and nothing by another', async () => {
      const { id, spec } = await on.created();
      expect((await on.sut.inspect(spec.name))?.id).toBe(id);
      expect(await on.sut.inspect(`${spec.name}x`)).toBeNull();
      expect(await on.sut.inspect(id.slice(0, -1))).toBeNull();
    });

    it('is exclusive by name, and leaves alone what is there', async () => {
      const container = await on.started();
      const { connection } = await on.sut.waitUntilReachable(on.address(container), on.patience());
      await expect(on.sut.create(container.spec)).rejects.toMatchObject({
        failure: 'name-conflict',
        code: 'CONTAINER_NAME_CONFLICT',
      });
      expect((await on.sut.inspect(container.id))?.state).toBe('running');
      expect((await connection.health()).configured).toBeNull();
      connection.close();
    });

    it('lets exactly one of several have a name', async () => {
      const spec = on.specs.build(await on.sut.resolveImage(on.harness.image('serving')));
      const attempts = await Promise.allSettled(Array.from({ length: 5 }, () => on.harness.runtime().create(spec)));
      expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    });

    it('makes the private folder for the agent alone', async () => {
      const { spec } = await on.created();
      expect((await lstat(spec.privateFolder)).mode & 0o777).toBe(0o700);
      expect((await lstat(spec.privateFolder)).uid).not.toBe(0);
    });

    it('has what it says it can isolate by, and refuses what it does not', async () => {
      const { isolations } = await on.sut.info();
      expect(isolations.includes(on.harness.isolation)).toBe(on.sut.capabilities.isolation);
      if (isolations.includes('gvisor')) {
        const spec = on.specs.build(await on.sut.resolveImage(on.harness.image('serving')), { isolation: 'gvisor' });
        expect(await on.sut.inspect(await on.sut.create(spec))).toMatchObject({ name: spec.name, state: 'created' });
        return;
      }
      const spec = on.specs.build(await on.sut.resolveImage(on.harness.image('serving')), { isolation: 'gvisor' });
      await expect(on.sut.create(spec)).rejects.toMatchObject({ failure: 'unsupported', code: 'RUNTIME_UNSUPPORTED' });
      expect(await on.sut.inspect(spec.name)).toBeNull();
    });
  });
}
