import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { describe } from '@jest/globals';
import type Docker from 'dockerode';
import { engine, engineKind, engineMissing, SMALL_IMAGE } from './engine.js';
import { temporaryFolder } from './temporary-folder.js';

const FINDER = pathToFileURL(resolve('scripts/lib/docker-registry.mjs')).href;

type Found = { readonly ok: true; readonly program: string } | { readonly ok: false; readonly reason: string };

const found = await find();

/** describe, or a loud skip where there is no engine, or no registry for it; the run's end counts the skips. */
export const describeRegistry = found.ok ? describe : describe.skip;

async function find(): Promise<Found> {
  if (engineMissing !== null) return { ok: false, reason: engineMissing };
  const program = `const { findDockerRegistry } = await import(process.argv[1]);
    process.stdout.write(JSON.stringify(await findDockerRegistry()));`;
  const args = ['--input-type=module', '-e', program, FINDER];
  const answer = JSON.parse((await promisify(execFile)(process.execPath, args)).stdout) as Found;
  // Podman wants to be configured to speak to a registry without TLS.
  const result: Found = engineKind === 'podman' ? { ok: false, reason: 'the engine is Podman' } : answer;
  if (!result.ok) process.stderr.write(`\nSKIPPED, no registry of images: ${result.reason}\n`);
  return result;
}

/** A registry of images on loopback, where engines speak to it without TLS. */
export class TestRegistry {
  private constructor(
    /** `127.0.0.1:port` */
    readonly host: string,
    private readonly child: ChildProcess,
    private readonly removeFolder: () => Promise<void>,
  ) {}

  static async start(): Promise<TestRegistry> {
    if (!found.ok) throw new Error(found.reason);
    const folder = await temporaryFolder();
    const file = join(folder.path, 'config.json');
    const config = {
      version: '0.1',
      storage: { filesystem: { rootdirectory: join(folder.path, 'images') } },
      http: { addr: '127.0.0.1:0' },
    };
    // YAML as well.
    await writeFile(file, JSON.stringify(config));
    const child = spawn(found.program, ['serve', file], { stdio: ['ignore', 'ignore', 'pipe'] });
    for await (const line of createInterface(child.stderr)) {
      const host = /listening on (127\.0\.0\.1:\d+)/.exec(line)?.[1];
      if (host === undefined) continue;
      child.stderr.resume();
      return new TestRegistry(host, child, () => folder.remove());
    }
    await folder.remove();
    throw new Error('the registry ended before it listened');
  }

  /** Gives it an image under that name. @returns its digest there */
  async push(image: string, reference: string): Promise<string> {
    const [repo, tag] = [
      reference.slice(0, reference.lastIndexOf(':')),
      reference.slice(reference.lastIndexOf(':') + 1),
    ];
    await engine.getImage(image).tag({ repo, tag });
    const progress = await engine.getImage(reference).push({ authconfig: { username: 'nobody', password: '-' } });
    const told = await new Promise<{ aux?: { Digest?: string } }[]>((done, reject) => {
      engine.modem.followProgress(progress, (error: Error | null, messages: object[]) => {
        if (error) reject(error);
        else done(messages);
      });
    });
    const digest = told.find(({ aux }) => aux?.Digest !== undefined)?.aux?.Digest;
    if (digest === undefined) throw new Error(`${reference} was not pushed: ${JSON.stringify(told.at(-1))}`);
    return digest;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = once(this.child, 'exit');
      this.child.kill();
      await ended;
    }
    await this.removeFolder();
  }
}

/** An image that differs from every other, and stays until it is told to end. @returns its id */
export async function distinctImage(mark: string): Promise<string> {
  const container: Docker.Container = await engine.createContainer({ Image: SMALL_IMAGE });
  try {
    const staying = ['sh', '-c', "trap 'exit 0' TERM; sleep 100000 & wait"];
    const changes = [`LABEL io.muster.test=${mark}`, `CMD ${JSON.stringify(staying)}`].join('\n');
    return ((await container.commit({ changes })) as { Id: string }).Id;
  } finally {
    await container.remove();
  }
}

/** As after a prune: with all its names. One that is not there is fine. */
export async function forgetImage(id: string): Promise<void> {
  await engine
    .getImage(id)
    .remove({ force: true })
    .catch((error: unknown) => {
      if ((error as { statusCode?: number }).statusCode !== 404) throw error;
    });
}

/** The id of an image that the engine has; null when it does not. */
export async function idOnEngine(reference: string): Promise<string | null> {
  try {
    return (await engine.getImage(reference).inspect()).Id;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return null;
    throw error;
  }
}
