import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { DatabaseProxy } from '../support/database-proxy.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { describeEngine } from '../support/engine.js';
import { EngineProxy } from '../support/engine-proxy.js';
import { eventually } from '../support/eventually.js';
import { ADMIN_KEY, MusterProcess } from '../support/muster-process.js';
import { Before } from '../support/nothing-left.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** As users run it: what nobody catches ends a process, and nothing here may. */
describeEngine('the API process', () => {
  const proxy = new EngineProxy();
  let database: TestDatabase;
  let databaseProxy: DatabaseProxy;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let muster: MusterProcess;
  let before: Before;
  let agent: string;

  beforeAll(async () => {
    before = await Before.on();
    database = await testDatabase();
    databaseProxy = await DatabaseProxy.start(database.uri);
    folder = await temporaryFolder();
    await proxy.open();
    muster = await MusterProcess.start({
      mongoUri: databaseProxy.uri,
      dataDir: folder.path,
      env: { RUNTIME: 'docker', DOCKER_HOST: proxy.host },
    });
    const config = { provider: 'echo', model: 'any' };
    const template = await muster.call('POST', '/templates', { name: 'tough', role: 'developer', config });
    const roleAssignments = [{ role: 'developer', templateId: template.body.id }];
    const { body } = await muster.call('POST', '/projects', { name: 'tough', roleAssignments });
    agent = `/projects/${body.id}/agents/${body.roleAssignments[0].instanceId}`;
    expect((await muster.call('POST', `${agent}/actions`, { action: 'start' })).status).toBe(200);
  });

  afterAll(async () => {
    expect((await muster.call('POST', `${agent}/actions`, { action: 'destroy' })).status).toBe(200);
    await before.expectNothingLeft({ database, dataDir: folder.path });
  });

  afterAll(async () => {
    await muster.kill();
    await proxy.cut();
    await databaseProxy.stop();
    await database.drop();
    await folder.remove();
  });

  const follow = (signal?: AbortSignal): Promise<Response> =>
    fetch(`${muster.url}/api/v1${agent}/logs?follow=true`, {
      headers: { authorization: `Bearer ${ADMIN_KEY}` },
      ...(signal && { signal }),
    });

  /** What a client sends that is no HTTP, or stops in the middle. */
  const sendRaw = (text: string): Promise<void> =>
    new Promise((resolve) => {
      const socket = connect(Number(new URL(muster.url).port), '127.0.0.1', () => socket.end(text));
      socket.on('error', () => undefined);
      socket.resume().once('close', () => {
        resolve();
      });
    });

  it('survives clients that leave in the middle, and those that speak no HTTP', async () => {
    for (const text of [
      '',
      '\u0000\u0001',
      'GET / HTTP/9.9\r\n\r\n',
      'POST /api/v1/templates HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{',
    ]) {
      await sendRaw(text);
    }
    const leaving = new AbortController();
    const answer = await follow(leaving.signal);
    expect(answer.status).toBe(200);
    leaving.abort();
    const asking = new AbortController();
    const asked = fetch(`${muster.url}/api/v1${agent}/runs`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' },
      body: '{"type":"prompt","input":"Nobody waits for this"}',
      signal: asking.signal,
    });
    asking.abort();
    await expect(asked).rejects.toThrow();
    expect([(await muster.call('GET', agent)).status, muster.running]).toEqual([200, true]);
  });

  it('survives an engine that goes away under a followed log and under a start', async () => {
    const followed = await follow();
    const ended = followed.text().then(
      () => 'ended',
      () => 'broken off',
    );
    void muster.call('POST', `${agent}/actions`, { action: 'restart' }, { prefer: 'respond-async' });
    await proxy.cut();
    expect(['ended', 'broken off']).toContain(await ended);
    expect((await muster.call('GET', `${agent}/logs`)).body).toMatchObject({ code: 'RUNTIME_UNAVAILABLE' });
    await proxy.open();
    await eventually(async () => {
      expect((await muster.call('GET', `${agent}/lifecycle`)).body).toMatchObject({ state: 'running', error: null });
    }, 40_000);
    expect(muster.running).toBe(true);
  });

  it('survives a database that goes away under everything it does by itself', async () => {
    databaseProxy.watcher = () => {
      databaseProxy.cutAll();
      return 'cut';
    };
    for (const [method, path, body] of [
      ['GET', agent],
      ['POST', `${agent}/actions`, { action: 'restart' }],
      ['POST', `${agent}/runs`, { type: 'prompt', input: 'Hi' }],
      ['PATCH', agent, { soul: 'Not now.' }],
    ] as const) {
      expect((await muster.call(method, path, body)).body).toMatchObject({ status: 503, code: 'DATABASE_UNAVAILABLE' });
    }
    databaseProxy.watcher = () => 'pass';
    await eventually(async () => {
      const run = await muster.call('POST', `${agent}/runs`, { type: 'prompt', input: 'Back?' });
      expect(run.body).toMatchObject({ status: 'passed' });
    }, 40_000);
    expect(await muster.call('GET', agent)).toMatchObject({ status: 200, body: { soul: '', revision: 1 } });
    expect(muster.running).toBe(true);
  });
});
