import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { describeEngine, ENGINE_HOST } from '../support/engine.js';
import { eventually } from '../support/eventually.js';
import { runInside } from '../support/inside-container.js';
import { MusterProcess } from '../support/muster-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { TerminalClient } from '../support/terminal-client.js';

describeEngine('terminals of a Muster that ends', () => {
  let database: TestDatabase;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let muster: MusterProcess;
  let agent: string;
  let container: string;

  const start = (): Promise<MusterProcess> =>
    MusterProcess.start({
      mongoUri: database.uri,
      dataDir: folder.path,
      env: { RUNTIME: 'docker', DOCKER_HOST: ENGINE_HOST },
    });
  const sleepers = async (): Promise<number> => {
    const script = `for f in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <$f; echo; done 2>/dev/null`;
    const { said } = await runInside(container, ['sh', '-c', script]);
    return said.split('\n').filter((line) => line.trim() === 'sleep 1003').length;
  };
  const sleeping = async (): Promise<TerminalClient & { id: string }> => {
    const { body } = await muster.call('POST', `${agent}/terminals`, { cols: 80, rows: 24 });
    const client = await TerminalClient.connect(muster.url, `${body.path}?ticket=${body.ticket}`);
    if (!(client instanceof TerminalClient)) throw new Error(JSON.stringify(client));
    client.type('sleep 1003\r');
    await eventually(async () => {
      expect(await sleepers()).toBe(1);
    });
    return Object.assign(client, { id: body.id as string });
  };

  beforeAll(async () => {
    [database, folder] = await Promise.all([testDatabase(), temporaryFolder()]);
    muster = await start();
    const template = { name: 'worker', role: 'developer', config: { provider: 'echo', model: 'any' } };
    const { body: made } = await muster.call('POST', '/templates', template);
    const seat = { role: 'developer', templateId: made.id };
    const { body: project } = await muster.call('POST', '/projects', { name: 'Shell', roleAssignments: [seat] });
    agent = `/projects/${project.id}/agents/${project.roleAssignments[0].instanceId}`;
    container = (await muster.call('POST', `${agent}/actions`, { action: 'start' })).body.containerId as string;
  }, 120_000);

  afterAll(async () => {
    await muster.call('POST', `${agent}/actions`, { action: 'destroy' });
    await muster.stop();
    await folder.remove();
    await database.drop();
  }, 120_000);

  it('are told to come back when it is shut down, and leave nothing', async () => {
    const client = await sleeping();
    expect(await muster.stop()).toBe(0);
    expect(await client.ends()).toEqual({ code: 1001, reason: 'shutting-down' });
    expect(await sleepers()).toBe(0);
    muster = await start();
    const { body } = await muster.call('GET', `${agent}/terminals/${client.id}`);
    expect(body).toMatchObject({ state: 'ended', end: 'shutting-down' });
  }, 120_000);

  it('leave nothing after the sweep when it is killed, and their tickets stand in no log', async () => {
    const client = await sleeping();
    await muster.kill();
    await client.ends();
    expect(await sleepers()).toBe(1);
    muster = await start();
    await eventually(async () => {
      const { body } = await muster.call('GET', `${agent}/terminals/${client.id}`);
      expect(body).toMatchObject({ state: 'ended', end: 'lost' });
    }, 100_000);
    expect(await sleepers()).toBe(0);
    expect(muster.log).not.toContain('ticket=');
  }, 180_000);
});
