import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { DockerRuntime } from '../../src/runtime/docker/docker.runtime.js';
import { AGENT_IMAGE, describeEngine, engine, ENGINE_HOST, ENGINE_SOCKET } from '../support/engine.js';
import { evaluateInside, runInside, saidInside } from '../support/inside-container.js';
import { SpecBuilder } from './runtime-harness.js';

/** Where a user without rights may write, and nowhere else: the devices' shared memory and queues are the container's own. */
const WRITABLE = ['/dev/mqueue', '/dev/shm', '/run/muster', '/tmp', '/workspace'];
/** Without devices of any machine: what every container has. */
const DEVICES = ['console', 'core', 'fd', 'full', 'mqueue', 'null', 'ptmx', 'pts', 'random', 'shm', 'stderr', 'stdin'];
DEVICES.push('stdout', 'tty', 'urandom', 'zero');

/** Two agents on one engine, and what each of them can reach. */
describeEngine('an agent in its container', () => {
  let specs: SpecBuilder;
  let sut: DockerRuntime;
  let [self, neighbour] = ['', ''];
  const servers: Server[] = [];

  beforeAll(async () => {
    specs = await SpecBuilder.create();
    sut = new DockerRuntime({ host: ENGINE_HOST, stateDir: join(specs.folder, 'state'), agentImage: AGENT_IMAGE });
    const image = await sut.resolveImage(AGENT_IMAGE);
    const start = async (): Promise<string> => {
      const id = await sut.create(specs.build(image));
      await sut.start(id);
      return id;
    };
    [self, neighbour] = [await start(), await start()];
  });

  afterAll(async () => {
    for (const { id } of await sut.list(specs.installation)) await sut.remove(id);
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    await specs.clean();
  });

  const listen = async (at: { path: string } | { host: string; port: number }): Promise<Server> => {
    const server = createServer((socket) => socket.end('here'));
    servers.push(server);
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(at, resolve));
    return server;
  };

  /** What comes of dialling, inside: `connected`, or why not. */
  const dial = (options: object): Promise<string> =>
    saidInside(
      self,
      `const socket = require('node:net').connect(${JSON.stringify(options)});
       const say = (word) => { console.log(word); process.exit(); };
       socket.once('connect', () => say('connected')).once('error', ({ code }) => say(code));
       setTimeout(say, 2000, 'silence');`,
    );

  it('can write to its own folders and to memory, and to no other folder there is', async () => {
    const walk = `(() => {
      const fs = require('node:fs'); const found = []; const skipped = new Set(['/proc', '/sys']);
      const visit = (folder) => {
        if (skipped.has(folder)) return;
        try { fs.accessSync(folder, fs.constants.W_OK); found.push(folder); return; } catch {}
        let entries = []; try { entries = fs.readdirSync(folder, { withFileTypes: true }); } catch {}
        for (const entry of entries) if (entry.isDirectory()) visit((folder === '/' ? '' : folder) + '/' + entry.name);
      };
      visit('/'); return found.sort();
    })()`;
    expect(await evaluateInside(self, walk)).toEqual(WRITABLE);
  });

  it('can set nothing of the kernel', async () => {
    for (const place of ['/proc/sys/kernel/core_pattern', '/proc/sysrq-trigger', '/sys/kernel/uevent_helper']) {
      expect(['EACCES', 'EROFS', 'ENOENT', 'EPERM']).toContain(
        await saidInside(
          self,
          `try { require('node:fs').writeFileSync('${place}', 'x', { flag: 'r+' }); console.log('done') } catch (e) { console.log(e.code) }`,
        ),
      );
    }
    expect((await runInside(self, ['sh', '-c', 'echo 1 > /sys/fs/cgroup/pids/pids.max'])).code).not.toBe(0);
  });

  it('mounts its memory without programs, owners or devices, and of a size', async () => {
    const mounts = await saidInside(self, `console.log(require('node:fs').readFileSync('/proc/self/mounts', 'utf8'))`);
    const optionsOf = (folder: string): string[] =>
      mounts
        .split('\n')
        .find((line) => line.split(' ')[1] === folder)!
        .split(' ')[3]!
        .split(',');
    expect(optionsOf('/')).toContain('ro');
    for (const [folder, size] of [
      ['/tmp', 'size=16384k'],
      ['/dev/shm', 'size=16384k'],
    ] as const) {
      expect(optionsOf(folder)).toEqual(expect.arrayContaining(['rw', 'nosuid', 'nodev', 'noexec', size]));
    }
    expect(mounts).not.toContain(ENGINE_SOCKET);
  });

  it('has no device of the machine, and cannot make one', async () => {
    const devices = await evaluateInside<string[]>(self, `require('node:fs').readdirSync('/dev')`);
    expect(devices.filter((name) => !DEVICES.includes(name))).toEqual([]);
    expect((await runInside(self, ['mknod', '/tmp/disk', 'b', '254', '0'])).code).not.toBe(0);
  });

  it.each([
    ['a user namespace', ['unshare', '--user', '--map-root-user', 'true']],
    ['a mount', ['mount', '-t', 'tmpfs', 'none', '/tmp']],
    ['a mount that is not read-only any more', ['mount', '-o', 'remount,rw', '/']],
    ['the namespaces of process 1', ['nsenter', '--target', '1', '--all', 'true']],
    ['another root', ['chroot', '/tmp', 'true']],
    // What setpriv says of a refusal is 127, too.
    ['another user', ['sh', '-c', 'command -v setpriv >/dev/null || exit 127; setpriv --reuid 0 true || exit 1']],
    ['raw packets', ['perl', '-e', 'socket(S, 17, 3, 768) or die']],
    ['an owner-changing program', ['sh', '-c', 'cp /bin/true /workspace/t && chown 0 /workspace/t']],
  ])('is refused %s', async (_, command) => {
    const { code } = await runInside(self, command);
    expect(code).not.toBe(0);
    // The program is there, and was refused.
    expect(code).not.toBe(127);
  });

  it('is nobody else by running a program that belongs to root', async () => {
    const { said } = await runInside(self, [
      'sh',
      '-c',
      'find / -xdev -perm -4000 -type f 2>/dev/null | head -1; grep NoNewPrivs /proc/self/status',
    ]);
    // Not vacuous: the image has such programs (su, mount), and none of them can become root.
    expect(said).toMatch(/^\/.+\nNoNewPrivs:\t1$/);
  });

  it('sees no process but its own', async () => {
    await runInside(neighbour, ['sh', '-c', 'sleep 7531 >/dev/null 2>&1 &']);
    const lines = `require('node:fs').readdirSync('/proc').filter((n) => /^\\d+$/.test(n)).map((n) => {
      try { return require('node:fs').readFileSync('/proc/' + n + '/cmdline', 'latin1'); } catch { return ''; } })`;
    expect((await evaluateInside<string[]>(neighbour, lines)).join()).toContain('7531');
    const own = await evaluateInside<string[]>(self, lines);
    expect(own.join()).not.toContain('7531');
    expect(own.length).toBeLessThan(10);
  });

  it('reaches no socket without a file: neither a neighbour’s nor the host’s', async () => {
    const name = `\0muster-isolation-${process.pid}`;
    await listen({ path: name });
    const program = `require('node:net').createServer().listen(${JSON.stringify(`${name}-neighbour`)}, () => console.log('up'))`;
    const exec = await engine.getContainer(neighbour).exec({ Cmd: ['node', '-e', program], AttachStdout: true });
    await new Promise((resolve) => void exec.start({}).then((stream) => stream.once('data', resolve)));
    expect(await dial({ path: name })).toBe('ECONNREFUSED');
    expect(await dial({ path: `${name}-neighbour` })).toBe('ECONNREFUSED');
  });

  it('shares no memory and no queue with a neighbour', async () => {
    const make = 'shmget(7531, 4096, 01666) // die; open(F, ">", "/dev/shm/muster") or die';
    expect((await runInside(neighbour, ['perl', '-e', make])).code).toBe(0);
    const find = 'print defined(shmget(7531, 4096, 0)) ? "found" : "none", -e "/dev/shm/muster" ? "found" : "none"';
    expect((await runInside(neighbour, ['perl', '-e', find])).said).toBe('foundfound');
    expect((await runInside(self, ['perl', '-e', find])).said).toBe('nonenone');
  });

  it('finds no agent but itself in its folder', async () => {
    const sockets = `require('node:fs').readdirSync('/run', { recursive: true }).filter((n) => n.endsWith('.sock'))`;
    await sut.waitUntilReachable(
      { id: self, privateFolder: (await privateFolderOf(self))! },
      AbortSignal.timeout(30_000),
    );
    expect(await evaluateInside(self, sockets)).toEqual(['muster/agent.sock']);
  });

  it('reaches no address: not the host’s services on any of its addresses, nor the cloud’s metadata', async () => {
    const { port } = (await listen({ host: '0.0.0.0', port: 0 })).address() as AddressInfo;
    const addresses = Object.values(networkInterfaces()).flatMap((list) =>
      (list ?? []).filter(({ family }) => family === 'IPv4').map(({ address }) => address),
    );
    expect(addresses).toContain('127.0.0.1');
    for (const host of addresses) {
      // Its own loopback is there, and empty; everything else has no way at all.
      expect(await dial({ host, port })).toBe(host.startsWith('127.') ? 'ECONNREFUSED' : 'ENETUNREACH');
    }
    for (const host of ['169.254.169.254', '10.0.0.1']) expect(await dial({ host, port: 80 })).toBe('ENETUNREACH');
    expect(['ENETUNREACH', 'EADDRNOTAVAIL']).toContain(await dial({ host: 'fd00:ec2::254', port: 80 }));
  });

  const privateFolderOf = async (id: string): Promise<string | undefined> =>
    (await engine.getContainer(id).inspect()).Mounts.find(({ Destination }) => Destination === '/run/muster')?.Source;

  it('is given nothing of the host but its two folders', async () => {
    const { HostConfig: config, Mounts: mounts } = await engine.getContainer(self).inspect();
    expect(mounts.map(({ Type, Destination }) => [Type, Destination]).sort()).toEqual([
      ['bind', '/run/muster'],
      ['bind', '/workspace'],
    ]);
    for (const { Source } of mounts) expect(Source.startsWith(`${specs.folder}/`)).toBe(true);
    expect(config).toMatchObject({
      Binds: null,
      VolumesFrom: null,
      Links: null,
      Privileged: false,
      CapAdd: null,
      GroupAdd: null,
      PidMode: '',
      UTSMode: '',
      UsernsMode: '',
      IpcMode: 'private',
      NetworkMode: 'none',
      PortBindings: null,
      PublishAllPorts: false,
    });
    expect([...(config.Devices ?? []), ...(config.DeviceRequests ?? [])]).toEqual([]);
  });
});
