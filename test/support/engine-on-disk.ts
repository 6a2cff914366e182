import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { join } from 'node:path';
import Docker from 'dockerode';
import { AGENT_IMAGE, engine } from './engine.js';
import { eventually } from './eventually.js';
import { SmallDisk } from './small-disk.js';
import { temporaryFolder } from './temporary-folder.js';

/** Room for muster/agent and a few containers. */
const SIZE = '600m';

/** A Docker daemon of the test's own, whose images and containers are on a disk that can be filled. Root only. */
export class EngineOnDisk {
  private constructor(
    readonly docker: Docker,
    /** As in DOCKER_HOST. */
    readonly host: string,
    readonly disk: SmallDisk,
    private readonly daemon: ChildProcess,
    private readonly removeFolder: () => Promise<void>,
  ) {}

  /** With the agent's image. */
  static async start(): Promise<EngineOnDisk> {
    const folder = await temporaryFolder();
    const at = (name: string): string => join(folder.path, name);
    const disk = await SmallDisk.mount(at('disk'), SIZE);
    await writeFile(at('daemon.json'), '{}');
    const log = openSync(at('log'), 'a');
    const host = `unix://${at('engine.sock')}`;
    const daemon = spawn(
      'dockerd',
      [
        ...['--host', host, '--data-root', disk.path, '--exec-root', at('exec'), '--pidfile', at('pid')],
        // Its agents have no network, and the machine's is the other daemon's to set up.
        ...['--config-file', at('daemon.json'), '--bridge=none', '--iptables=false', '--ip-forward=false'],
      ],
      {
        stdio: ['ignore', log, log],
        env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/usr/local/sbin` },
      },
    );
    closeSync(log);
    const docker = new Docker({ socketPath: at('engine.sock'), timeout: 60_000 });
    const own = new EngineOnDisk(docker, host, disk, daemon, folder.remove);
    try {
      await eventually(() => docker.ping(), 40_000);
      await copyImage(docker);
      return own;
    } catch (error) {
      const said = (await readFile(at('log'), 'utf8')).trim().split('\n').slice(-3).join('\n');
      await own.stop();
      throw new Error(`dockerd on a disk of its own does not start:\n${said}`, { cause: error });
    }
  }

  /** Its containers end with it. */
  async stop(): Promise<void> {
    if (this.daemon.exitCode === null && this.daemon.signalCode === null) {
      const gone = once(this.daemon, 'exit');
      this.daemon.kill('SIGTERM');
      await gone;
    }
    await this.disk.unmount();
    await this.removeFolder();
  }
}

async function copyImage(docker: Docker): Promise<void> {
  const progress = await docker.loadImage(await engine.getImage(AGENT_IMAGE).get());
  await new Promise<void>((resolve, reject) => {
    docker.modem.followProgress(progress, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}
