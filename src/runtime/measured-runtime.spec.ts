import { describe, expect, it } from '@jest/globals';
import { FakeEngine } from '../../test/support/fake-engine.js';
import { FakeRuntime } from '../../test/support/fake-runtime.js';
import { ContainerRuntime } from '../domain/runtime/container-runtime.js';
import { AgentSocketUnsafeError, RuntimeError } from '../domain/runtime/runtime-errors.js';
import { measured } from './measured-runtime.js';

describe('a measured runtime', () => {
  function world() {
    const told: [string, string][] = [];
    const runtime = new FakeRuntime(new FakeEngine());
    const sut = measured(runtime, {
      engineCalled: (call, outcome, seconds) => {
        expect(seconds).toBeGreaterThanOrEqual(0);
        told.push([call, outcome]);
      },
    });
    return { runtime, sut, told };
  }

  it('is a runtime, with what the other one is', () => {
    const { runtime, sut } = world();
    expect(sut).toBeInstanceOf(ContainerRuntime);
    expect([sut.name, sut.capabilities]).toEqual([runtime.name, runtime.capabilities]);
  });

  it('answers as the other one, and tells', async () => {
    const { runtime, sut, told } = world();
    expect(await sut.info()).toEqual(await runtime.info());
    expect(await sut.inspect('nobody')).toBeNull();
    expect(told).toEqual([
      ['info', 'ok'],
      ['inspect', 'ok'],
    ]);
  });

  it.each([
    [new RuntimeError('disk-full', 'no room'), 'disk-full'],
    [new AgentSocketUnsafeError('one', 'a symlink'), 'agent'],
    [new Error('called off'), 'other'],
  ])('throws what the other one throws, and tells its kind: %s', async (error, outcome) => {
    const { runtime, sut, told } = world();
    runtime.start = async () => Promise.reject(error);
    await expect(sut.start('one')).rejects.toBe(error);
    expect(told).toEqual([['start', outcome]]);
  });

  it('leaves streams alone', () => {
    const { sut, told } = world();
    expect(Symbol.asyncIterator in sut.logs('one', {})).toBe(true);
    expect(told).toEqual([]);
  });
});
