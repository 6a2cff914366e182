import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { AGENT_IMAGE, describeEngine, engine, ENGINE_HOST, SMALL_IMAGE } from '../support/engine.js';
import { eventually } from '../support/eventually.js';
import { runInside, startInside } from '../support/inside-container.js';
import { ADMIN_KEY, MusterProcess } from '../support/muster-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';

describeEngine('no secret of Muster’s is inside: in no environment, command line, file or mount of', () => {
  /** Environments, command lines and mounts of all that runs in there. */
  const PROCESSES = "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline /proc/[0-9]*/mountinfo 2>/dev/null | tr '\\0' '\\n'";
  const FOLDERS = '/run /workspace /code /Agent /tmp /etc /opt /home /var /root /dev/shm';
  let database: TestDatabase;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let muster: MusterProcess;
  let secrets: string[];
  let made = 0;

  beforeAll(async () => {
    [database, folder] = await Promise.all([testDatabase(), temporaryFolder()]);
    const dataDir = join(folder.path, 'data');
    muster = await MusterProcess.start({
      mongoUri: database.uri,
      dataDir,
      env: { RUNTIME: 'docker', DOCKER_HOST: ENGINE_HOST, AGENT_IMAGE },
    });
    const keys: string[] = [];
    for (const name of await readdir(dataDir, { recursive: true })) {
      if (!/key/i.test(name)) continue;
      const lines = await readFile(join(dataDir, name), 'utf8').catch(() => '');
      keys.push(...lines.split('\n').filter((line) => line.length > 40));
    }
    // The lines of the signing key, which no test knows before.
    expect(keys.length).toBeGreaterThan(0);
    secrets = [ADMIN_KEY, new URL(database.uri).host, ...keys];
  });

  afterAll(async () => {
    for (const { id } of (await muster.call('GET', '/projects?limit=200')).body.items) {
      await muster.call('DELETE', `/projects/${id}`);
    }
    await eventually(async () => {
      expect(await database.db.collection('agent_instances').countDocuments({ removedAt: null })).toBe(0);
    });
    await muster.stop();
    await database.drop();
    await folder.remove();
  });

  /** The containers of an agent that runs. */
  async function containersOf(manifest: object): Promise<string[]> {
    const name = `inside-${++made}`;
    const config = { provider: 'echo', model: 'any' };
    const { body } = await muster.call('POST', '/templates', { name, role: 'developer', manifest, config });
    const roleAssignments = [{ role: 'developer', templateId: body.id }];
    const project = await muster.call('POST', '/projects', { name, roleAssignments });
    const id = project.body.roleAssignments[0].instanceId as string;
    const path = `/projects/${project.body.id}/agents/${id}`;
    const started = await muster.call('POST', `${path}/actions`, { action: 'start' });
    expect(started.body).toMatchObject({ state: 'running', error: null });
    const found = await engine.listContainers({ filters: { label: [`io.muster.instance=${id}`] } });
    return found.map(({ Id }) => Id);
  }

  /** Where any of these words is. They come over the search's input: its own command line has none of them. */
  async function placesOf(container: string, words: readonly string[]): Promise<string[]> {
    const look = `${PROCESSES} > /tmp/seen; grep -rlsF -f - ${FOLDERS} 2>/dev/null; rm /tmp/seen`;
    const { said } = await runInside(container, ['sh', '-c', look], `${words.join('\n')}\n`);
    return said.split('\n').filter((line) => line !== '');
  }

  /** The search finds what is there, in each kind of place; and no secret. */
  async function expectNone(container: string): Promise<void> {
    const words = { environment: `in-env-${++made}`, command: `in-line-${made}`, file: `in-file-${made}` };
    const plant = `printf ${words.file} > /tmp/planted; exec env PLANTED=${words.environment} sh -c 'sleep 30; : ${words.command}'`;
    await startInside(container, ['sh', '-c', plant]);
    await eventually(async () => {
      expect(await placesOf(container, [words.environment])).toEqual(['/tmp/seen']);
      expect(await placesOf(container, [words.command])).toEqual(['/tmp/seen']);
      expect(await placesOf(container, [words.file])).toContain('/tmp/planted');
      expect(await placesOf(container, ['/sys/fs/cgroup'])).toContain('/tmp/seen');
    });
    expect(await placesOf(container, secrets)).toEqual([]);
    const { Config: own } = await engine.getContainer(container).inspect();
    for (const secret of secrets) {
      expect(JSON.stringify([own.Env, own.Cmd, own.Entrypoint, own.Labels])).not.toContain(secret);
    }
  }

  it('an agent', async () => {
    const [container] = await containersOf({});
    await expectNone(container!);
  });

  it('an image that knows nothing of Muster, and its companion', async () => {
    const both = await containersOf({ image: SMALL_IMAGE, command: ['sleep', '1000'], runMode: 'isolated' });
    expect(both).toHaveLength(2);
    for (const container of both) await expectNone(container);
  });

  it('the container of a hook', async () => {
    const files = 'find /run /tmp /home /root /dev/shm /code -type f -exec cat {} + 2>/dev/null';
    const plant = 'PLANTED=in-a-hook sh -c "sleep 30; : in-its-line" & sleep 0.5; echo in-a-file > /tmp/planted';
    const install = `${plant}; { ${PROCESSES}; ${files}; } > /workspace/seen; true`;
    const [container] = await containersOf({ runMode: 'isolated', hooks: { install } });
    const { said } = await runInside(container!, ['cat', '/workspace/seen']);
    const planted = ['PLANTED=in-a-hook\n', ': in-its-line', 'in-a-file\n', '/sys/fs/cgroup'];
    for (const there of planted) expect(said).toContain(there);
    for (const secret of secrets) expect(said).not.toContain(secret);
  });
});
