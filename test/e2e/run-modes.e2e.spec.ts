import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { access, chmod, mkdir, readFile, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { agentOf, type TestAgent } from '../support/agent-team.js';
import { TestApp, type Answer } from '../support/app.js';
import { destroyAll } from '../support/destroy-all.js';
import { AGENT_IMAGE, describeEngine, ENGINE_HOST } from '../support/engine.js';
import { runInside } from '../support/inside-container.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const MODES = ['isolated', 'global', 'devel'] as const;
const PROFILES = ['dev', 'qa', 'prod'] as const;
type Mode = (typeof MODES)[number];
type Profile = (typeof PROFILES)[number];

/** Who can write what: the table of the seed's mounts. */
const TABLE = {
  '/workspace': () => true,
  '/code': (profile) => profile === 'dev',
  '/code/node_modules': () => false,
  '/code/.AchillesSkills': (profile) => profile === 'dev',
  '/Agent': () => false,
  '/usr': () => false,
} as const satisfies Record<string, (profile: Profile) => boolean>;
const PLACES = Object.keys(TABLE) as (keyof typeof TABLE)[];

describeEngine('run modes and profiles', () => {
  let app: TestApp;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let roots: string;

  beforeAll(async () => {
    folder = await temporaryFolder();
    roots = join(folder.path, 'roots');
    app = await TestApp.start({
      RUNTIME: 'docker',
      DOCKER_HOST: ENGINE_HOST,
      AGENT_IMAGE,
      HOST_MOUNT_ROOTS: JSON.stringify([roots]),
    });
  });

  afterAll(async () => {
    await destroyAll(app);
    await app.stop();
    await folder.remove();
  });

  /** A folder of the host that everybody may write, so that nothing but the mount keeps an agent from it. */
  async function hostFolder(name: string, ...below: readonly string[]): Promise<string> {
    for (const path of ['', ...below]) {
      await mkdir(join(roots, name, path), { recursive: true });
      await chmod(join(roots, name, path), 0o777);
    }
    return join(roots, name);
  }

  const act = async ({ path }: TestAgent, action: string): Promise<Answer> =>
    app.call(`${path}/actions`, { method: 'POST', body: { action }, headers: { prefer: 'wait=90' } });

  async function started(agent: TestAgent): Promise<string> {
    const { body } = await act(agent, 'start');
    expect(body).toMatchObject({ state: 'running', error: null });
    return body.containerId as string;
  }

  /** What comes of writing a file there: nothing to say, or why not. */
  const write = async (container: string, path: string): Promise<string> =>
    (await runInside(container, ['sh', '-c', 'echo mark > "$0"', path])).said;

  const isThere = async (path: string): Promise<boolean> =>
    access(path).then(
      () => true,
      () => false,
    );

  describe.each(MODES)('mode %s', (runMode: Mode) => {
    it.each(PROFILES)('in profile %s mounts what the table says, as it says', async (profile: Profile) => {
      const name = `${runMode}-${profile}`;
      const host = runMode === 'isolated' ? null : await hostFolder(name, 'node_modules', '.AchillesSkills');
      const agent = await agentOf(app, {
        manifest: { runMode, profile, ...(host === null ? {} : { hostPath: host }) },
      });
      const container = await started(agent);
      for (const place of PLACES) {
        const said = await write(container, `${place}/mark`);
        const open = TABLE[place](profile);
        expect([place, said]).toEqual([place, open ? '' : expect.stringContaining('Read-only file system')]);
        // What mounts would let through, a removed folder must not.
        if (place === '/code/node_modules') {
          expect((await runInside(container, ['sh', '-c', `rm -rf ${place}; mkdir -p ${place}/x`])).code).not.toBe(0);
        }
      }
      const own = join(app.dataDir, 'artifacts', agent.projectId);
      const workspace = runMode === 'global' ? host! : join(own, 'workspaces', agent.id);
      const code = runMode === 'devel' ? host! : join(own, 'code', agent.id, 'code');
      const skills = runMode === 'devel' ? join(host!, '.AchillesSkills') : join(own, 'code', agent.id, 'skills');
      const isDev = profile === 'dev';
      expect({
        workspace: await isThere(join(workspace, 'mark')),
        code: await isThere(join(code, 'mark')),
        skills: await isThere(join(skills, 'mark')),
      }).toEqual({ workspace: true, code: isDev, skills: isDev });
      expect((await act(agent, 'destroy')).status).toBe(200);
      // What is the host's stays there.
      if (host !== null) expect((await stat(host)).isDirectory()).toBe(true);
    });
  });

  it('global: agents share the folder', async () => {
    const manifest = { runMode: 'global', hostPath: await hostFolder('shared') };
    const [one, other] = [await agentOf(app, { manifest }), await agentOf(app, { manifest })];
    expect(await write(await started(one), '/workspace/note')).toBe('');
    expect(await runInside(await started(other), ['cat', '/workspace/note'])).toEqual({ code: 0, said: 'mark' });
  });

  /** Whose dependency lies beside it, so that npm needs no network. */
  async function npmCheckout(name: string): Promise<string> {
    const path = await hostFolder(name, 'dep');
    const dependencies = { dep: 'file:dep' };
    const packages = {
      '': { name: 'checkout', version: '1.0.0', dependencies },
      dep: { version: '1.0.0' },
      'node_modules/dep': { resolved: 'dep', link: true },
    };
    const files = {
      'package.json': { name: 'checkout', version: '1.0.0', dependencies },
      'package-lock.json': { name: 'checkout', version: '1.0.0', lockfileVersion: 3, requires: true, packages },
      'dep/package.json': { name: 'dep', version: '1.0.0', main: 'main.js' },
    };
    for (const [file, content] of Object.entries(files)) await writeFile(join(path, file), JSON.stringify(content));
    await writeFile(join(path, 'dep/main.js'), 'module.exports = "installed"');
    return path;
  }

  it.each(PROFILES)('devel in profile %s: hooks install, into what the agent cannot write', async (profile) => {
    const hostPath = await npmCheckout(`npm-${profile}`);
    const hooks = { install: 'npm ci --offline --no-audit --no-fund' };
    const agent = await agentOf(app, { manifest: { runMode: 'devel', hostPath, profile, hooks } });
    const container = await started(agent);
    const look = await runInside(container, ['node', '-p', 'require("/code/node_modules/dep")']);
    expect(look).toEqual({ code: 0, said: 'installed' });
    expect(await write(container, '/code/node_modules/mark')).toContain('Read-only file system');
    // It is the agent's own: the checkout has a place for it and nothing in that.
    expect(await readdir(join(hostPath, 'node_modules'))).toEqual([]);
    expect((await act(agent, 'restart')).body.state).toBe('running');
    expect((await act(agent, 'destroy')).status).toBe(200);
    expect(await isThere(join(hostPath, 'package.json'))).toBe(true);
  });

  it('devel: a hook changes the checkout in profile dev alone', async () => {
    for (const profile of PROFILES) {
      const hostPath = await hostFolder(`built-${profile}`, 'node_modules');
      await writeFile(join(hostPath, 'node_modules', 'theirs'), 'x');
      const hooks = { postinstall: '(echo made > made) 2>/dev/null; cat node_modules/theirs; ! touch node_modules/x' };
      const agent = await agentOf(app, { manifest: { runMode: 'devel', hostPath, profile, hooks } });
      await started(agent);
      expect([profile, await isThere(join(hostPath, 'made'))]).toEqual([profile, profile === 'dev']);
      expect(await readdir(join(hostPath, 'node_modules'))).toEqual(['theirs']);
    }
  });

  it.each([
    ['devel', (hostPath: string) => ({ runMode: 'devel', hostPath })],
    ['a mount of its own', (source: string) => ({ mounts: [{ source, target: '/code' }] })],
  ])('%s in profile dev: also where nothing was installed, nothing can be', async (_how, manifest) => {
    const path = await hostFolder(`bare-${_how.length}`);
    const container = await started(await agentOf(app, { manifest: { profile: 'dev', ...manifest(path) } }));
    expect(await write(container, '/code/mark')).toBe('');
    expect(await write(container, '/code/node_modules/mark')).toContain('Read-only file system');
    expect(await readFile(join(path, 'mark'), 'utf8')).toBe('mark\n');
    expect(await readdir(join(path, 'node_modules'))).toEqual([]);
  });

  it('devel in profile dev: a link where node_modules belongs is refused, for the agent could replace it', async () => {
    const hostPath = await hostFolder('linked', 'elsewhere');
    await symlink('elsewhere', join(hostPath, 'node_modules'));
    const answer = await act(await agentOf(app, { manifest: { runMode: 'devel', hostPath, profile: 'dev' } }), 'start');
    expect(answer).toMatchObject({ status: 422, body: { code: 'HOST_ACCESS_REFUSED' } });
  });
});
