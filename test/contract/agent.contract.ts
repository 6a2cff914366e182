import { describe, expect, it } from '@jest/globals';
import { lstat, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { newId } from '../../src/domain/ids.js';
import type { ContractContext } from './contract-context.js';
import { configurationFor } from './runtime-harness.js';

/** Talking to an agent, whatever it does to its socket. */
export function agentContract(on: ContractContext): void {
  describe('an agent', () => {
    it('answers, takes its configuration and a prompt', async () => {
      const container = await on.started();
      const { connection, health } = await on.sut.waitUntilReachable(on.address(container), on.patience());
      expect(connection.endpoint).toBe(on.harness.endpoint);
      expect(health.configured).toBeNull();
      const configuration = configurationFor(container.spec);
      await connection.configure(configuration);
      expect((await connection.health()).configured).toBe(configuration.digest);
      const result = await connection.prompt({ runId: newId(), input: 'hello there' }, on.patience());
      expect(result.output).toContain('hello there');
      expect(result.usage.outputTokens).toBeGreaterThan(0);
      connection.close();
    });

    it('tells its own faults by their codes', async () => {
      const container = await on.started();
      const { connection } = await on.sut.waitUntilReachable(on.address(container), on.patience());
      const prompt = { runId: newId<never>(), input: 'x' };
      await expect(connection.prompt(prompt, on.patience())).rejects.toMatchObject({
        code: 'AGENT_UNREACHABLE',
        details: { agentCode: 'NOT_CONFIGURED' },
      });
      await connection.configure(configurationFor(container.spec, '<% throw new Error("no") %>'));
      await expect(connection.prompt(prompt, on.patience())).rejects.toMatchObject({ code: 'PROMPT_RENDER_FAILED' });
      connection.close();
    });

    it('has its run cancelled by the signal, and goes on', async () => {
      const container = await on.started();
      const { connection } = await on.sut.waitUntilReachable(on.address(container), on.patience());
      await connection.configure(configurationFor(container.spec, '<% for (;;); %>'));
      const cancel = new AbortController();
      const run = connection.prompt({ runId: newId(), input: 'x' }, cancel.signal);
      const settled = expect(run).rejects.toBe('enough');
      await connection.health();
      cancel.abort('enough');
      await settled;
      expect((await connection.health()).configured).not.toBeNull();
      connection.close();
    });

    it('has several connections at once, from other adapter objects too', async () => {
      const container = await on.started();
      const { connection } = await on.sut.waitUntilReachable(on.address(container), on.patience());
      const others = await Promise.all([1, 2, 3].map(() => on.harness.runtime().connect(on.address(container))));
      for (const other of [connection, ...others]) {
        expect((await other.health()).configured).toBeNull();
        other.close();
      }
    });

    it('is unreachable before it is started and after it is stopped', async () => {
      const container = await on.created();
      await expect(on.sut.connect(on.address(container))).rejects.toMatchObject({ code: 'AGENT_UNREACHABLE' });
      await on.sut.start(container.id);
      const { connection } = await on.sut.waitUntilReachable(on.address(container), on.patience());
      await on.sut.stop(container.id, 5);
      await expect(connection.health()).rejects.toMatchObject({ code: 'AGENT_UNREACHABLE' });
      await expect(on.sut.connect(on.address(container))).rejects.toMatchObject({ code: 'AGENT_UNREACHABLE' });
      connection.close();
    });

    it('is given up on when it ends before it answers', async () => {
      const container = await on.started('ending');
      await expect(container.runtime.waitUntilReachable(on.address(container), on.patience())).rejects.toMatchObject({
        code: 'CONTAINER_EXITED',
      });
    });

    it('is given up on when the caller is', async () => {
      const container = await on.created();
      await container.runtime.start(container.id);
      const reason = new Error('no longer wanted');
      await expect(on.sut.waitUntilReachable(on.address(container), AbortSignal.abort(reason))).rejects.toBe(reason);
    });
  });

  describe('what the agent puts where its socket should be', () => {
    it('is not followed when it is a link to another socket', async () => {
      if (on.harness.endpoint !== 'unix') return;
      const container = await on.created();
      const decoy = join(on.specs.folder, 'decoy.sock');
      let visits = 0;
      const server = createServer((socket) => {
        visits += 1;
        socket.destroy();
      });
      await new Promise<void>((resolve) => server.listen(decoy, resolve));
      await symlink(decoy, join(container.spec.privateFolder, 'agent.sock'));
      await expect(on.sut.connect(on.address(container))).rejects.toMatchObject({
        code: 'AGENT_SOCKET_UNSAFE',
        details: { found: 'a symbolic link' },
      });
      await expect(on.sut.waitUntilReachable(on.address(container), on.patience())).rejects.toMatchObject({
        code: 'AGENT_SOCKET_UNSAFE',
      });
      await new Promise((resolve) => server.close(resolve));
      expect(visits).toBe(0);
    });

    it('is named when it is a file or a directory', async () => {
      if (on.harness.endpoint !== 'unix') return;
      const container = await on.created();
      const path = join(container.spec.privateFolder, 'agent.sock');
      await writeFile(path, '');
      await expect(on.sut.connect(on.address(container))).rejects.toMatchObject({ details: { found: 'a file' } });
      await rm(path);
      await mkdir(path);
      await expect(on.sut.connect(on.address(container))).rejects.toMatchObject({ details: { found: 'a directory' } });
    });

    it('is put aside for the next container when it is a folder, whatever is in it', async () => {
      const first = await on.created();
      await mkdir(join(first.spec.privateFolder, 'agent.sock', 'deep', 'deeper'), { recursive: true });
      await on.sut.remove(first.id);
      const id = await on.sut.create(first.spec);
      await on.sut.start(id);
      const { connection } = await on.sut.waitUntilReachable(on.address({ ...first, id }), on.patience());
      connection.close();
    });

    it('is cleared away, not followed, for the next container of the folder', async () => {
      const first = await on.created();
      const precious = join(on.specs.folder, 'precious');
      await writeFile(precious, 'kept');
      await symlink(precious, join(first.spec.privateFolder, 'agent.sock'));
      await on.sut.remove(first.id);
      const id = await on.sut.create(first.spec);
      await on.sut.start(id);
      const { connection } = await on.sut.waitUntilReachable(on.address({ ...first, id }), on.patience());
      connection.close();
      expect((await lstat(precious)).isFile()).toBe(true);
    });
  });
}
