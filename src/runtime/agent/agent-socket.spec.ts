import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { chownSync, linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DomainError } from '../../domain/errors/domain-error.js';
import { dialAgentSocket } from './agent-socket.js';

describe('dialling agent.sock', () => {
  let folder: string;
  let agents: string;
  let path: string;
  let visits: number;
  const servers: Server[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'muster-dial-'));
    agents = join(folder, 'agent');
    path = join(agents, 'agent.sock');
    mkdirSync(agents);
    visits = 0;
  });

  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
    rmSync(folder, { recursive: true });
  });

  async function listen(at: string): Promise<void> {
    const server = createServer((socket) => {
      visits += 1;
      socket.end();
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(at, resolve));
  }

  const found = async (): Promise<unknown> =>
    dialAgentSocket('c', agents).then(
      (socket) => {
        socket.destroy();
        return 'connected';
      },
      (error: unknown) => {
        const { code, details } = error as DomainError;
        return details['found'] ?? code;
      },
    );

  it('reaches the agent, however long the path is', async () => {
    await listen(path);
    expect(await found()).toBe('connected');
    agents = join(folder, 'a'.repeat(120));
    mkdirSync(agents);
    expect(await found()).toBe('AGENT_UNREACHABLE');
  });

  it('says when nobody listens, and when there is no folder', async () => {
    expect(await found()).toBe('AGENT_UNREACHABLE');
    rmSync(agents, { recursive: true });
    expect(await found()).toBe('AGENT_UNREACHABLE');
  });

  it.each([
    ['a symbolic link', (decoy: string) => symlinkSync(decoy, path)],
    ['a symbolic link', (decoy: string) => symlinkSync(`/proc/self/root${decoy}`, path)],
    ['a socket with another name beside', (decoy: string) => linkSync(decoy, path)],
    ['a file', () => writeFileSync(path, '')],
    ['a directory', () => mkdirSync(path)],
    ['a named pipe', () => execFileSync('mkfifo', [path])],
  ])('goes nowhere when it is %s', async (what, put) => {
    const decoy = join(folder, 'decoy.sock');
    await listen(decoy);
    put(decoy);
    expect(await found()).toBe(what);
    expect(visits).toBe(0);
  });

  // Only root can give a socket away; elsewhere nobody's socket can come to lie in the folder but by a hard link.
  (process.getuid?.() === 0 ? it : it.skip)('goes nowhere when it is the socket of another user', async () => {
    await listen(path);
    chownSync(path, 4242, 4242);
    expect(await found()).toBe("somebody else's socket");
    expect(visits).toBe(0);
  });
});
