import { Logger } from '@nestjs/common';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { RuntimeError } from '../../domain/runtime/runtime-errors.js';
import { FakeEngine } from '../../../test/support/fake-engine.js';
import { FakeRuntime } from '../../../test/support/fake-runtime.js';
import { ImageLookup } from './image-lookup.js';
import { LifecycleSettings } from './lifecycle-settings.js';

const ID = `sha256:${'1'.repeat(64)}`;
const DIGEST = `sha256:${'d'.repeat(64)}`;

describe('looking up images', () => {
  let engine: FakeEngine;
  let runtime: FakeRuntime;
  let sut: ImageLookup;

  beforeEach(() => {
    // What cannot be found out is logged.
    Logger.overrideLogger(false);
    engine = new FakeEngine();
    runtime = new FakeRuntime(engine);
    sut = lookUp();
  });

  const lookUp = (imageSilenceMs = 600_000): ImageLookup =>
    new ImageLookup(runtime, new LifecycleSettings({ imageFindMs: 30, registryAskMs: 60, imageSilenceMs }));

  const found = async (...references: string[]): Promise<unknown> => Object.fromEntries(await sut.of(references));

  it('tells what the engine has, and asks no registry then', async () => {
    engine.found.set('team/a:1', { id: ID, digest: DIGEST }).set('team/b', { id: ID, digest: null });
    engine.inRegistry.set('team/b', DIGEST);
    expect(await found('team/a:1', 'team/b')).toEqual({
      'team/a:1': { reference: 'team/a:1', id: ID, digest: DIGEST, at: expect.any(Date) },
      'team/b': { reference: 'team/b', id: ID, digest: null, at: expect.any(Date) },
    });
    expect(engine.count('registryDigest')).toBe(0);
  });

  it('tells what the registry has where the engine has nothing', async () => {
    engine.inRegistry.set('team/a:1', DIGEST);
    expect(await found('team/a:1')).toEqual({
      'team/a:1': { reference: 'team/a:1', id: null, digest: DIGEST, at: expect.any(Date) },
    });
  });

  it('asks nobody for a digest that the reference has itself', async () => {
    const reference = `team/a:1@${DIGEST}`;
    expect(await found(reference)).toMatchObject({ [reference]: { id: null, digest: DIGEST } });
    expect(engine.count('registryDigest')).toBe(0);
  });

  it('tells of no digest by which nothing can be pulled', async () => {
    const long = 'a'.repeat(200);
    engine.found.set(ID, { id: ID, digest: null }).set(long, { id: ID, digest: DIGEST });
    engine.inRegistry.set(`b${long}`, DIGEST);
    expect(await found(ID, long, `b${long}`)).toMatchObject({ [ID]: { digest: null }, [long]: { digest: null } });
    expect(await found(`b${long}`, 'f'.repeat(64))).toEqual({});
  });

  it('asks once for what is named often, and by many at once', async () => {
    engine.found.set('team/a', { id: ID, digest: DIGEST });
    const told = await Promise.all([found('team/a', 'team/a'), found('team/a')]);
    expect(engine.count('findImage')).toBe(1);
    for (const one of told) expect(one).toMatchObject({ 'team/a': { id: ID } });
  });

  it('asks a bounded number of registries at once, however many are named', async () => {
    const questions = new LifecycleSettings().registryQuestions;
    const named = Array.from({ length: questions + 5 }, (_none, at) => `registry-${at}.example/a:1`);
    for (const reference of named) engine.inRegistry.set(reference, DIGEST);
    let answer = (): void => undefined;
    const silence = new Promise<void>((resolve) => {
      answer = resolve;
    });
    let asked = 0;
    engine.beforeEffect = async (call) => {
      if (call !== 'registryDigest') return;
      asked += 1;
      await silence;
    };
    expect(await found(...named)).toEqual({});
    expect(asked).toBe(questions);
    // Nobody waits for them any more, and they are under way.
    expect(await found('registry.example/b:1')).toEqual({});
    expect(asked).toBe(questions);
    answer();
    await new Promise(setImmediate);
    engine.inRegistry.set('registry.example/b:1', DIGEST);
    expect(await found('registry.example/b:1')).toMatchObject({ 'registry.example/b:1': { digest: DIGEST } });
  });

  it('asks again afterwards: a tag may have been moved, or what nobody knew be there', async () => {
    expect(await found('team/a')).toEqual({});
    for (const id of [ID, DIGEST]) {
      engine.found.set('team/a', { id, digest: null });
      expect(await found('team/a')).toMatchObject({ 'team/a': { id } });
    }
  });

  it('leaves out what cannot be found out, and tells the rest', async () => {
    engine.found.set('team/a', { id: ID, digest: null });
    engine.beforeEffect = async (_call, target) => {
      await Promise.resolve();
      if (target === 'team/b') throw new RuntimeError('refused', 'No.');
      if (target === 'team/c') throw new TypeError('what a strange engine leads to');
    };
    expect(await found('team/a', 'team/b', 'team/c', 'team/d')).toEqual({ 'team/a': expect.anything() });
  });

  it('has nothing to tell while the engine is away, and something as soon as it is back', async () => {
    engine.found.set('team/a', { id: ID, digest: null });
    engine.goAway();
    expect(await found('team/a')).toEqual({});
    engine.comeBack();
    expect(await found('team/a')).toMatchObject({ 'team/a': { id: ID } });
  });

  it('waits no second time for an engine that does not answer, until a while has passed', async () => {
    engine.found.set('team/a', { id: ID, digest: null });
    engine.failNext('findImage', 'before', 'hang', 2);
    // Both of a project wait at the same time.
    expect(await found('team/a', 'team/b')).toEqual({});
    expect(await found('team/a', 'team/c')).toEqual({});
    expect(engine.count('findImage') + engine.count('registryDigest')).toBe(0);
    engine.failNext('findImage', 'before', 'hang');
    sut = lookUp(0);
    expect(await found('team/a')).toEqual({});
    expect(await found('team/a')).toMatchObject({ 'team/a': { id: ID } });
  });

  it('waits no second time for a registry that does not answer, and asks the others', async () => {
    engine.inRegistry.set('slow.test/a', DIGEST).set('slow.test/b', DIGEST).set('quick.test/a', DIGEST);
    engine.failNext('registryDigest', 'before', 'hang');
    expect(await found('slow.test/a')).toEqual({});
    expect(await found('slow.test/b', 'quick.test/a')).toMatchObject({ 'quick.test/a': { id: null } });
    expect(engine.calls.filter(({ call }) => call === 'registryDigest').map(({ target }) => target)).toEqual([
      'quick.test/a',
    ]);
  });

  it('asks nothing of a runtime without images, and nothing for agents that name none', async () => {
    engine.found.set('team/a', { id: ID, digest: null });
    expect(await found()).toEqual({});
    runtime.capabilities.images = false;
    expect(await found('team/a')).toEqual({});
    expect(engine.calls).toEqual([]);
  });
});
