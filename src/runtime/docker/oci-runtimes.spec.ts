import { describe, expect, it } from '@jest/globals';
import type Docker from 'dockerode';
import type { EngineCall, EngineClient } from './engine-client.js';
import { EngineFeatures } from './engine-features.js';
import { OciRuntimes } from './oci-runtimes.js';

const DOCKER = { Runtimes: { runc: {}, 'io.containerd.runc.v2': {} } };
const WITH_GVISOR = { Runtimes: { ...DOCKER.Runtimes, runsc: { path: '/usr/bin/runsc' } } };
/** Lists what it would look for. */
const PODMAN = { ...WITH_GVISOR, BuildahVersion: '1.28.2' };

/** An engine that describes itself so, and whose containers have that runtime. */
const on = (info: object, given = 'runc'): OciRuntimes => {
  const docker = {
    info: () => Promise.resolve(info),
    getContainer: () => ({ inspect: () => Promise.resolve({ HostConfig: { Runtime: given } }) }),
  } as unknown as Docker;
  const engine = {
    call: async <T>({ run }: EngineCall<T>) => run(docker, new AbortController().signal),
  } as unknown as EngineClient;
  return new OciRuntimes(engine, new EngineFeatures(engine));
};

const UNSUPPORTED = { failure: 'unsupported', code: 'RUNTIME_UNSUPPORTED', message: expect.stringContaining('runsc') };

describe('OciRuntimes', () => {
  it.each([
    ['Docker without gVisor', DOCKER],
    ['Podman, which uses another when asked for it', PODMAN],
    ['an engine that says nothing', {}],
  ])('refuses gVisor on %s, and nothing else', async (_name, info) => {
    expect(await on(info).isolations()).toEqual(['runc']);
    await expect(on(info).assertAvailable('gvisor')).rejects.toMatchObject(UNSUPPORTED);
    await on(info).assertAvailable('runc');
  });

  it('offers gVisor where the engine has it', async () => {
    expect(await on(WITH_GVISOR).isolations()).toEqual(['runc', 'gvisor']);
    await on(WITH_GVISOR).assertAvailable('gvisor');
  });

  it('takes no container that was given another one', async () => {
    await on(WITH_GVISOR, 'runsc').assertGiven('gvisor', 'c');
    await expect(on(WITH_GVISOR, 'runc').assertGiven('gvisor', 'c')).rejects.toMatchObject(UNSUPPORTED);
  });
});
