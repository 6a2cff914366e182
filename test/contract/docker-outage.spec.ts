import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { newId } from '../../src/domain/ids.js';
import { DockerRuntime } from '../../src/runtime/docker/docker.runtime.js';
import { AGENT_IMAGE, describeEngine } from '../support/engine.js';
import { EngineProxy } from '../support/engine-proxy.js';
import { all, SpecBuilder, take } from './runtime-harness.js';

describeEngine('Docker that goes away', () => {
  let proxy: EngineProxy;
  let specs: SpecBuilder;
  let sut: DockerRuntime;

  beforeEach(async () => {
    proxy = new EngineProxy();
    await proxy.open();
    specs = await SpecBuilder.create();
    const options = { stateDir: join(specs.folder, 'state'), agentImage: AGENT_IMAGE, endpoint: 'unix' } as const;
    sut = new DockerRuntime({ ...options, host: proxy.host, callTimeoutMs: 3000, heartbeatMs: 100 });
  });

  afterEach(async () => {
    await proxy.cut();
    await proxy.open();
    for (const { id } of await sut.list(specs.installation)) await sut.remove(id);
    await proxy.cut();
    await specs.clean();
  });

  async function started(): Promise<{ id: string; privateFolder: string }> {
    const spec = specs.build(await sut.resolveImage(AGENT_IMAGE));
    const id = await sut.create(spec);
    await sut.start(id);
    return { id, privateFolder: spec.privateFolder };
  }

  it('fails each call as unavailable, and works again when the engine is back', async () => {
    const { id } = await started();
    await proxy.cut();
    const unavailable = { failure: 'unavailable', code: 'RUNTIME_UNAVAILABLE' };
    await expect(sut.info()).rejects.toMatchObject(unavailable);
    await expect(sut.inspect(id)).rejects.toMatchObject(unavailable);
    await expect(sut.list(specs.installation)).rejects.toMatchObject(unavailable);
    await expect(sut.stop(id, 1)).rejects.toMatchObject(unavailable);
    await expect(sut.resolveImage('another/image:1')).rejects.toMatchObject(unavailable);
    await expect(take(sut.logs(id, {}), all)).rejects.toMatchObject(unavailable);
    await proxy.open();
    expect((await sut.inspect(id))?.state).toBe('running');
  });

  it('gives up a call that the engine does not answer', async () => {
    const { id } = await started();
    proxy.stall();
    const late = { failure: 'timeout', code: 'RUNTIME_TIMEOUT' };
    await expect(sut.inspect(id)).rejects.toMatchObject(late);
    await expect(sut.create(specs.build(`sha256:${'0'.repeat(64)}`))).rejects.toMatchObject(late);
    await expect(sut.stop(id, 0)).rejects.toMatchObject(late);
  });

  it('ends events and followed logs with an error when the connection breaks', async () => {
    const { id } = await started();
    const signal = AbortSignal.timeout(30_000);
    const streams = [sut.events(specs.installation, signal), sut.logs(id, { follow: true, signal })];
    const outcomes = streams.map((stream) =>
      expect(take<unknown>(stream, all)).rejects.toMatchObject({ failure: 'unavailable' }),
    );
    await sut.info();
    await proxy.cut();
    await Promise.all(outcomes);
  });

  it('ends events and followed logs with an error when the engine hangs', async () => {
    const { id } = await started();
    const signal = AbortSignal.timeout(30_000);
    const streams = [sut.events(specs.installation, signal), sut.logs(id, { follow: true, signal })];
    const outcomes = streams.map((stream) =>
      expect(take<unknown>(stream, all)).rejects.toMatchObject({ failure: 'timeout' }),
    );
    await sut.info();
    proxy.stall();
    await Promise.all(outcomes);
  });

  it('still reaches the agents: they do not need the engine', async () => {
    const container = await started();
    const { connection } = await sut.waitUntilReachable(container, AbortSignal.timeout(30_000));
    await proxy.cut();
    expect((await connection.health()).configured).toBeNull();
    connection.close();
    const again = await sut.connect(container);
    expect((await again.health()).configured).toBeNull();
    again.close();
  });

  it('is no reason for an adapter not to be made', async () => {
    const nowhere = new DockerRuntime({
      host: 'unix:///nowhere/engine.sock',
      stateDir: specs.folder,
      agentImage: AGENT_IMAGE,
    });
    await expect(nowhere.info()).rejects.toMatchObject({ failure: 'unavailable' });
    await expect(nowhere.create(specs.build(newId()))).rejects.toMatchObject({ failure: 'unavailable' });
  });
});
