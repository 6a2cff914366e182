import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { agentOf, type TestAgent } from '../support/agent-team.js';
import { TestApp, type Answer } from '../support/app.js';
import { destroyAll } from '../support/destroy-all.js';
import { describeRegistry, distinctImage, forgetImage, idOnEngine, TestRegistry } from '../support/docker-registry.js';
import { describeEngine, engine, ENGINE_HOST } from '../support/engine.js';
import { eventually } from '../support/eventually.js';
import { EngineProxy } from '../support/engine-proxy.js';

let app: TestApp;

const act = async (agent: TestAgent, action: string): Promise<Answer> =>
  app.call(`${agent.path}/actions`, { method: 'POST', body: { action }, headers: { prefer: 'wait=60' } });

const pinOf = async (agent: TestAgent): Promise<unknown> => (await app.call(`${agent.path}/lifecycle`)).body.image;

/** What was told when it was made. */
const toldOf = async ({ id }: TestAgent): Promise<object> =>
  eventually(async () => {
    const { body } = await app.call(`/audit/events?subject=${id}&type=agent-instance.created`);
    expect(body.items).toHaveLength(1);
    return body.items[0].data as object;
  });

/** Starts it; the id of the image that its container runs. */
const started = async (agent: TestAgent): Promise<string> => {
  const { status, body } = await act(agent, 'start');
  expect([status, body.error]).toEqual([200, null]);
  return (await engine.getContainer(body.containerId as string).inspect()).Image;
};

const at = expect.any(String);

describeRegistry('an image in a registry', () => {
  let registry: TestRegistry;
  let images: string[];
  let [one, two] = ['', ''];
  let made = 0;

  beforeAll(async () => {
    registry = await TestRegistry.start();
    images = [one, two] = [await distinctImage('one'), await distinctImage('two')];
    app = await TestApp.start({ RUNTIME: 'docker', DOCKER_HOST: ENGINE_HOST });
  });

  afterAll(async () => {
    await destroyAll(app);
    await app.stop();
    for (const id of images) await forgetImage(id);
    await registry.stop();
  });

  /** Another name for each test. */
  const nameOf = (): string => `${registry.host}/team/app-${++made}:1`;

  /** Pushed and nowhere else. */
  const pushedAlone = async (image: string, reference: string): Promise<string> => {
    const digest = await registry.push(image, reference);
    await engine.getImage(reference).remove();
    expect(await idOnEngine(reference)).toBeNull();
    return digest;
  };

  it('is pinned by its digest without being pulled, and runs although its tag has moved', async () => {
    const reference = nameOf();
    const digest = await pushedAlone(one, reference);
    const agent = await agentOf(app, { manifest: { image: reference } });
    expect(await pinOf(agent)).toEqual({ reference, id: null, digest, at });
    expect(await toldOf(agent)).toMatchObject({ imageId: null, imageDigest: digest });
    expect(await idOnEngine(`${reference.replace(/:1$/, '')}@${digest}`)).toBeNull();

    // Here and in the registry the tag is another image's now.
    await registry.push(two, reference);
    expect(await started(agent)).toBe(one);
    expect(await idOnEngine(reference)).toBe(two);
    expect(await pinOf(agent)).toEqual({ reference, id: one, digest, at });

    // Pruned: pulled again by what it was pinned to.
    await act(agent, 'disable');
    await forgetImage(one);
    expect(await idOnEngine(one)).toBeNull();
    await act(agent, 'enable');
    expect(await started(agent)).toBe(one);
    expect(await idOnEngine(reference)).toBe(two);

    // A new agent is a new snapshot.
    const next = await agentOf(app, { manifest: { image: reference } });
    expect(await pinOf(next)).toMatchObject({ id: two });
    await act(agent, 'destroy');
  });

  it('that the engine has is pinned by both, and pulled when it is gone before the first start', async () => {
    const reference = nameOf();
    await registry.push(two, reference);
    const digest = await registry.push(one, reference);
    const agent = await agentOf(app, { manifest: { image: reference } });
    expect(await pinOf(agent)).toEqual({ reference, id: one, digest, at });
    expect(await toldOf(agent)).toMatchObject({ imageId: one, imageDigest: digest });
    await registry.push(two, reference);
    await forgetImage(one);
    expect(await started(agent)).toBe(one);
    expect(await pinOf(agent)).toEqual({ reference, id: one, digest, at });
    await act(agent, 'destroy');
  });

  it('of another repository has no digest in this one', async () => {
    const [reference, elsewhere] = [nameOf(), nameOf()];
    await registry.push(two, elsewhere);
    await engine.getImage(two).tag({ repo: reference.replace(/:1$/, ''), tag: '1' });
    const agent = await agentOf(app, { manifest: { image: reference } });
    expect(await pinOf(agent)).toEqual({ reference, id: two, digest: null, at });
  });

  it('that is not there keeps no project from being made, and is pinned by the first start once it is', async () => {
    const reference = nameOf();
    const agent = await agentOf(app, { manifest: { image: reference } });
    expect(await pinOf(agent)).toBeNull();
    expect(await toldOf(agent)).toMatchObject({ imageId: null, imageDigest: null });
    const digest = await pushedAlone(one, reference);
    expect(await started(agent)).toBe(one);
    expect(await pinOf(agent)).toEqual({ reference, id: one, digest, at });
    await act(agent, 'destroy');
  });
});

describeEngine('an image of the engine alone', () => {
  const images: string[] = [];
  const reference = `muster-test/pinned-alone-${process.pid}`;

  beforeAll(async () => {
    app = await TestApp.start({ RUNTIME: 'docker', DOCKER_HOST: ENGINE_HOST });
  });

  afterEach(async () => {
    await destroyAll(app);
    for (const id of images.splice(0)) await forgetImage(id);
  });

  afterAll(async () => {
    await app.stop();
  });

  const named = async (mark: string): Promise<string> => {
    const id = await distinctImage(`${mark} ${reference}`.replaceAll(/[^a-z0-9]/g, '-'));
    images.push(id);
    await engine.getImage(id).tag({ repo: reference, tag: 'latest' });
    return id;
  };

  it('is what it was when the agent was made, although its tag has moved before the first start', async () => {
    const one = await named('one');
    const agent = await agentOf(app, { manifest: { image: reference } });
    const pin = { reference, id: one, digest: null, at };
    expect(await pinOf(agent)).toEqual(pin);
    expect(await toldOf(agent)).toMatchObject({ imageId: one, imageDigest: null });
    await named('two');
    expect(await started(agent)).toBe(one);
    expect(await pinOf(agent)).toEqual(pin);
  });

  it('is not replaced by another when it is gone', async () => {
    const one = await named('one');
    const agent = await agentOf(app, { manifest: { image: reference } });
    await named('two');
    await forgetImage(one);
    const { status, body } = await act(agent, 'start');
    expect([status, body.code]).toEqual([503, 'IMAGE_NOT_FOUND']);
    expect(body.detail).toContain(one);
    expect(body.detail).toContain('Load that image again');
  });
});

describeEngine('an image while nobody answers', () => {
  const proxy = new EngineProxy();
  const sockets = new Set<Socket>();
  let silent: Server;
  let asked = 0;
  let image = '';

  beforeAll(async () => {
    image = await distinctImage('away');
    silent = createServer((socket) => {
      asked += 1;
      sockets.add(socket);
      socket.on('error', () => undefined).resume();
    });
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    app = await TestApp.start({ RUNTIME: 'docker', DOCKER_HOST: proxy.host });
  });

  afterAll(async () => {
    await destroyAll(app);
    await app.stop();
    await proxy.cut();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => silent.close(resolve));
    await forgetImage(image);
  });

  it('is found out by the first start, when the engine was away', async () => {
    const reference = `muster-test/pinned-away-${process.pid}`;
    await engine.getImage(image).tag({ repo: reference, tag: 'latest' });
    const agent = await agentOf(app, { manifest: { image: reference } });
    expect(await pinOf(agent)).toBeNull();
    expect(await toldOf(agent)).toMatchObject({ imageId: null, imageDigest: null });
    await proxy.open();
    expect(await started(agent)).toBe(image);
    expect(await pinOf(agent)).toEqual({ reference, id: image, digest: null, at });
  });

  it('keeps no project waiting for a registry that says nothing, and the next one does not ask it', async () => {
    const { port } = silent.address() as AddressInfo;
    const agent = await agentOf(app, { manifest: { image: `127.0.0.1:${port}/team/app:1` } });
    expect(await pinOf(agent)).toBeNull();
    const before = asked;
    expect(before).toBeGreaterThan(0);
    expect(await pinOf(await agentOf(app, { manifest: { image: `127.0.0.1:${port}/team/app:2` } }))).toBeNull();
    expect(asked).toBe(before);
  });
});
