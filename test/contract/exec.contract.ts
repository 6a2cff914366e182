import { describe, expect, it } from '@jest/globals';
import { newId } from '../../src/domain/ids.js';
import type { ContainerAddress } from '../../src/domain/runtime/container-runtime.js';
import type { ContainerStats } from '../../src/domain/runtime/container-stats.js';
import type { ExecOutput, ExecSession, ExecSpec } from '../../src/domain/runtime/exec-session.js';
import type { ContractContext, TestContainer } from './contract-context.js';
import type { AgentKind } from './runtime-harness.js';

/** The room that Muster adds where a runtime's own threads count too. */
const OWN_TASKS = 64;

interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
}

/** Reads a session to its end, and lets go of it. */
export async function ended(session: ExecSession): Promise<Ended> {
  const texts = { stdout: '', stderr: '' };
  try {
    for await (const { stream, data } of session.output) texts[stream] += Buffer.from(data).toString();
    return { ...texts, exitCode: await session.exitCode() };
  } finally {
    session.close();
  }
}

/** Reads until there is what is looked for; the rest stays to be read. */
async function until(output: AsyncIterator<ExecOutput>, wanted: RegExp): Promise<string> {
  for (let seen = ''; ;) {
    const { value, done } = await output.next();
    if (done === true) throw new Error(`It ended with: ${seen}`);
    seen += Buffer.from(value.data).toString();
    if (wanted.test(seen)) return seen;
  }
}

const spec = (command: readonly string[], more: Partial<ExecSpec> = {}): ExecSpec => ({
  id: newId(),
  command,
  env: {},
  cwd: '/tmp',
  terminal: null,
  ...more,
});

const sh = (script: string, more: Partial<ExecSpec> = {}): ExecSpec => spec(['sh', '-c', script], more);

/** Programs beside an agent's own, and what an agent uses. In images with different shells. */
export function execContract(on: ContractContext): void {
  const running = new Map<AgentKind, TestContainer>();
  const container = async (kind: AgentKind): Promise<ContainerAddress> => {
    const known = running.get(kind) ?? (await on.started(kind));
    running.set(kind, known);
    return on.address(known);
  };
  /** How many processes with such a command line there are; one that ended has none. */
  const count = async (at: ContainerAddress, commandLine: string): Promise<number> => {
    const listing = `for file in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <$file; echo; done 2>/dev/null`;
    const { stdout } = await ended(await on.sut.exec(at, sh(listing)));
    return stdout.split('\n').filter((line) => line.trim() === commandLine).length;
  };

  describe('exec, where it is not declared', () => {
    it('is refused, and so are its end and what an agent uses', async () => {
      if (on.sut.capabilities.exec) return;
      const container = await on.started();
      const refusal = { failure: 'unsupported', code: 'RUNTIME_UNSUPPORTED' };
      await expect(on.sut.exec(on.address(container), sh('true'))).rejects.toMatchObject(refusal);
      await expect(on.sut.endExec(container.id, newId())).rejects.toMatchObject(refusal);
      expect(on.sut.capabilities.stats).toBe(false);
      expect(() => on.sut.stats(container.id, on.patience())).toThrow(expect.objectContaining(refusal));
    });
  });

  describe.each(['serving', 'talking'] as const)('exec in a container that is %s', (kind) => {
    const supported = (name: string, test: () => Promise<void>): void => {
      it(name, async () => {
        if (on.sut.capabilities.exec) await test();
      });
    };

    supported('keeps stdout and stderr apart, and tells the exit code', async () => {
      const session = await on.sut.exec(await container(kind), sh('echo out; echo err >&2; exit 3'));
      expect(await ended(session)).toEqual({ stdout: 'out\n', stderr: 'err\n', exitCode: 3 });
    });

    supported('passes arguments, environment, folder and input as they are', async () => {
      const at = await container(kind);
      const odd = `a b'"$(id)\\ \n -x`;
      const session = await on.sut.exec(
        at,
        sh('pwd; printf "%s|" "$ODD" "$1" "$2"; cat', {
          env: { ODD: odd },
          command: ['sh', '-c', 'pwd; printf "%s|" "$ODD" "$1" "$2"; cat', 'x', odd, ''],
        }),
      );
      await session.write(Buffer.from('in\u0000put ü'));
      session.endInput();
      expect(await ended(session)).toEqual({ stdout: `/tmp\n${odd}|${odd}||in\u0000put ü`, stderr: '', exitCode: 0 });
    });

    supported('runs as the agent does', async () => {
      const at = await container(kind);
      const { stdout } = await ended(
        await on.sut.exec(at, sh('id -u; id -u root; grep -E "CapEff|NoNewPrivs" /proc/self/status')),
      );
      const shown = on.lacks('no-new-privileges') ? '' : 'NoNewPrivs:\t1\n';
      expect(stdout).toMatch(new RegExp(`^[1-9]\\d*\n0\nCapEff:\t0{16}\n${shown}$`));
    });

    supported('can write to its own folders alone', async () => {
      const at = await container(kind);
      const touch = `for place in / /etc /run /var /var/tmp /opt /tmp /workspace; do touch $place/touched 2>/dev/null && echo $place; done; true`;
      expect((await ended(await on.sut.exec(at, sh(touch)))).stdout).toBe('/tmp\n/workspace\n');
    });

    supported(
      'is started by agent-server where that is reached by its socket, and by the engine elsewhere',
      async () => {
        const at = await container(kind);
        if (kind === 'serving') await on.sut.waitUntilReachable(at, on.patience());
        // Of its parent, which is the shell around it; one that the engine has started has none in here.
        const parent = `read -r _ _ _ pid _ </proc/$PPID/stat; [ "$pid" = 0 ] || tr '\\0' ' ' </proc/$pid/cmdline`;
        const { stdout } = await ended(await on.sut.exec(at, sh(parent)));
        expect(stdout.includes('agent-server')).toBe(kind === 'serving' && on.harness.endpoint === 'unix');
      },
    );

    supported('is started by the engine where agent-server hangs', async () => {
      if (kind !== 'serving' || on.harness.endpoint !== 'unix') return;
      const at = on.address(await on.started(kind));
      await on.sut.waitUntilReachable(at, on.patience());
      const hang = `
        for dir in /proc/[0-9]*; do
          case $(tr '\\0' ' ' <$dir/cmdline) in node*agent-server*) kill -STOP \${dir#/proc/} && echo stopped ;; esac
        done`;
      const terminal = { columns: 80, rows: 24 };
      expect((await ended(await on.sut.exec(at, sh(hang, { terminal })))).stdout).toBe('stopped\r\n');
      await expect(on.sut.exec(at, sh('echo all the same')).then(ended)).resolves.toEqual({
        stdout: 'all the same\n',
        stderr: '',
        exitCode: 0,
      });
    });

    supported('tells what cannot be run, where, and by which signal it ended', async () => {
      const at = await container(kind);
      expect((await ended(await on.sut.exec(at, spec(['/no/such/program'])))).exitCode).toBe(127);
      expect((await ended(await on.sut.exec(at, sh('true', { cwd: '/no/such/folder' })))).exitCode).toBe(126);
      expect((await ended(await on.sut.exec(at, sh('kill -SEGV $$')))).exitCode).toBe(139);
      expect((await ended(await on.sut.exec(at, sh('kill -9 $$')))).exitCode).toBe(137);
    });

    supported('ends what a command left behind in its session', async () => {
      const at = await container(kind);
      const leaving = sh('sleep 987 & sleep 987 >/dev/null 2>&1 & exit 5');
      expect(await ended(await on.sut.exec(at, leaving))).toMatchObject({ exitCode: 5 });
      expect(await count(at, 'sleep 987')).toBe(0);
    });

    supported('gives a terminal of a size, which can change', async () => {
      const session = await on.sut.exec(
        await container(kind),
        sh('while :; do read -r line; [ "$line" = end ] && exit; stty size; done', {
          terminal: { columns: 91, rows: 17 },
        }),
      );
      const output = session.output[Symbol.asyncIterator]();
      const size = async (): Promise<string> => {
        await session.write(Buffer.from('go\r'));
        // A terminal without a size is a fault to busybox.
        return until(output, /^go\r\n.*(\d+ \d+|standard input)\r\n$/);
      };
      const expectSize = async (wanted: string): Promise<void> => {
        let seen = await size();
        while (on.lacks('terminal-size') && !seen.includes(wanted)) seen = await size();
        expect(seen).toBe(`go\r\n${wanted}\r\n`);
      };
      await expectSize('17 91');
      await session.resize({ columns: 132, rows: 50 });
      await expectSize('50 132');
      await session.write(Buffer.from('end\r'));
      while ((await output.next()).done !== true);
      expect(await session.exitCode()).toBe(0);
      await session.resize({ columns: 80, rows: 24 });
    });

    supported(
      'can be ended with all that it started: deaf ones, and those in sessions and environments of their own',
      async () => {
        const at = await container(kind);
        const doomed = sh(`
        trap '' TERM HUP INT
        sleep 876 & (trap '' TERM; sleep 876; :) & setsid sleep 876 & env -i sleep 876 & setsid env -i sh -c 'sleep 876 & sleep 876' &
        echo ready; while :; do sleep 1; done`);
        const other = await on.sut.exec(at, sh('sleep 765; :'));
        const session = await on.sut.exec(at, doomed);
        const output = session.output[Symbol.asyncIterator]();
        await until(output, /ready/);
        await on.harness.runtime().endExec(at.id, doomed.id);
        while ((await output.next()).done !== true);
        expect(await session.exitCode()).toBe(137);
        expect([await count(at, 'sleep 876'), await count(at, 'sleep 765')]).toEqual([0, 1]);
        // Ending what has ended, and what never was, is done at once.
        await on.sut.endExec(at.id, doomed.id);
        await on.sut.endExec(at.id, newId());
        other.close();
      },
    );

    supported('shows what the container uses, until it does not run', async () => {
      const at = on.address(await on.started(kind));
      const { id } = at;
      const busy = await on.sut.exec(at, sh('while :; do :; done'));
      const measures = on.sut.stats(id, on.patience())[Symbol.asyncIterator]();
      const { value } = await measures.next();
      expect(value).toMatchObject({
        at: expect.any(Date),
        memoryLimitBytes: 256 * 2 ** 20,
        pidsLimit: on.lacks('process-counts') ? 64 + OWN_TASKS : 64,
        network: null,
      });
      const { cpuPercent, cpuSeconds, memoryBytes, pids } = value as ContainerStats;
      for (const measured of [cpuPercent, cpuSeconds, memoryBytes, pids]) expect(measured).toBeGreaterThan(0);
      await on.sut.stop(id, 0);
      while ((await measures.next()).done !== true);
      busy.close();
      await expect(on.sut.exec(at, sh('true'))).rejects.toMatchObject({ failure: 'not-found' });
      await on.sut.endExec(id, newId());
      await expect(on.sut.exec({ ...at, id: '0'.repeat(64) }, sh('true'))).rejects.toMatchObject({
        failure: 'not-found',
      });
    });
  });
}
