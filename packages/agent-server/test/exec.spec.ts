import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { AgentProcess } from './support/agent-process.js';
import { ensureBundle } from './support/bundle.js';
import { RESTRICTED } from './support/restricted.js';

const HEAD_END = '\r\n\r\n';
const HEADER_BYTES = 8;

let agent: AgentProcess;

beforeAll(async () => {
  await ensureBundle();
  agent = await AgentProcess.start({ environment: { FROM_CONTAINER: 'yes' } });
});
afterAll(() => agent.end());

/** The socket once the head of the answer is read, and that head. */
async function upgraded(on = agent): Promise<{ socket: Socket; head: string }> {
  const socket = connect({ path: on.socket, allowHalfOpen: true });
  socket.write(`GET /v1/exec HTTP/1.1\r\nhost: agent\r\nconnection: upgrade\r\nupgrade: muster-exec${HEAD_END}`);
  let head = '';
  while (!head.endsWith(HEAD_END)) {
    const byte = socket.read(1) as Buffer | null;
    if (byte === null) await once(socket, 'readable');
    else head += byte.toString('latin1');
  }
  return { socket, head };
}

function requestOf(body: unknown): Buffer {
  const json = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(json.length);
  return Buffer.concat([length, json]);
}

interface Heard {
  readonly stdout: string;
  readonly stderr: string;
  readonly end: unknown;
}

async function heard(socket: Socket): Promise<Heard> {
  const pieces: Buffer[] = [];
  socket.on('data', (piece: Buffer) => pieces.push(piece));
  await once(socket, 'end');
  const texts = { 1: '', 2: '', 3: '' };
  let rest = Buffer.concat(pieces);
  while (rest.length > 0) {
    const length = rest.readUInt32BE(4);
    texts[rest[0] as 1 | 2 | 3] += rest.subarray(HEADER_BYTES, HEADER_BYTES + length).toString();
    rest = rest.subarray(HEADER_BYTES + length);
  }
  return { stdout: texts[1], stderr: texts[2], end: texts[3] === '' ? null : (JSON.parse(texts[3]) as unknown) };
}

async function run(command: readonly string[], { env = {}, input = '' } = {}): Promise<Heard> {
  const { socket } = await upgraded();
  socket.end(Buffer.concat([requestOf({ command, env }), Buffer.from(input)]));
  return heard(socket);
}

const sh = (script: string, ...args: string[]): string[] => ['/bin/sh', '-c', script, 'sh', ...args];

describe('a program', () => {
  it('has its arguments, its environment, its input, and tells how it ended', async () => {
    const odd = `a b'"$(id)\\ \n -x`;
    expect(
      await run(sh('printf "%s|" "$1" "$ODD" "$FROM_CONTAINER"; cat; echo err >&2; exit 3', odd), {
        env: { ODD: odd },
        input: 'in\u0000put ü',
      }),
    ).toEqual({ stdout: `${odd}|${odd}|yes|in\u0000put ü`, stderr: 'err\n', end: { exitCode: 3 } });
    expect(await run(sh('kill -SEGV $$'))).toMatchObject({ end: { exitCode: 139 } });
  });

  it('can open its input and output anew by their names, as with a shell', async () => {
    expect(
      await run(sh('echo one > /dev/stdout; echo two > /dev/stderr; cat /dev/stdin; cat /proc/self/fd/0'), {
        input: 'three',
      }),
    ).toEqual({ stdout: 'one\nthree', stderr: 'two\n', end: { exitCode: 0 } });
  });

  it('leads a session of its own', async () => {
    const { stdout } = await run(sh('read -r pid _ _ _ _ session _ < /proc/$$/stat; echo "$pid $session $$"'));
    const [pid, session, shell] = stdout.trim().split(' ');
    expect([session, shell]).toEqual([pid, pid]);
  });

  it('has no open files but its own three', async () => {
    const { stdout } = await run(['ls', '/proc/self/fd']);
    // ls itself has the folder open. What the test's own surroundings have left open has high numbers.
    expect(stdout.split('\n').filter((fd) => fd !== '' && Number(fd) < 100)).toEqual(['0', '1', '2', '3']);
  });

  it('goes on with many at once, each with what is its own', async () => {
    const all = await Promise.all(
      Array.from({ length: 20 }, async (_, n) =>
        run(sh('cat; echo "err $1" >&2; exit $1', String(n)), { input: `${n}` }),
      ),
    );
    expect(all).toEqual(
      Array.from({ length: 20 }, (_, n) => ({ stdout: `${n}`, stderr: `err ${n}\n`, end: { exitCode: n } })),
    );
  });

  it('carries much in both directions', async () => {
    const input = 'abcdefgh'.repeat(1024 * 1024);
    const { stdout, end } = await run(['cat'], { input });
    expect([stdout === input, end]).toEqual([true, { exitCode: 0 }]);
  });

  it('waits for who does not read, and ends when nobody will', async () => {
    const { socket } = await upgraded();
    socket.pause();
    socket.write(requestOf({ command: sh('yes 0123456789abcdef'), env: {} }));
    const isThere = async (state: string): Promise<boolean> => {
      const shown =
        'for f in /proc/[0-9]*/stat; do read -r _ name state _ < $f && echo "$name $state"; done 2>/dev/null';
      return (await run(sh(shown))).stdout.includes(`(yes) ${state}`);
    };
    // Its own pipe is full, so it sleeps.
    await agent.until(async () => isThere('S'));
    const before = socket.readableLength;
    expect((await agent.call('GET', '/v1/health')).status).toBe(200);
    expect(socket.readableLength).toBe(before);
    socket.destroy();
    // Then SIGPIPE ends it.
    await agent.until(async () => !(await isThere('')));
  });

  it.each([
    ['is not there', { command: ['/no/such/program'], env: {} }, 'ENOENT'],
    ['is a folder', { command: ['/tmp'], env: {} }, 'EACCES'],
    ['is none', { command: [], env: {} }, 'understood'],
    ['has a NUL in it', { command: ['a\0b'], env: {} }, 'understood'],
    ['has more fields', { command: ['true'], env: {}, uid: 0 }, 'understood'],
    ['has a name that is none', { command: ['true'], env: { 'A=B': '' } }, 'understood'],
    ['is no JSON', '{', 'understood'],
    ['is no object', '[]', 'understood'],
  ])('that %s is told', async (_what, body, reason) => {
    const { socket } = await upgraded();
    socket.end(requestOf(body));
    expect(await heard(socket)).toEqual({
      stdout: '',
      stderr: '',
      end: { failure: expect.stringContaining(reason) },
    });
  });

  it('is not started for who breaks off or asks for too much', async () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from([0, 0]), Buffer.alloc(8, 0xff), requestOf('{}').subarray(0, 5)]) {
      const { socket } = await upgraded();
      socket.end(bytes);
      expect(await heard(socket)).toMatchObject({ end: { failure: expect.any(String) } });
    }
    const { socket } = await upgraded();
    socket.destroy();
    expect((await agent.call('GET', '/v1/health')).status).toBe(200);
  });

  it('is refused before it is told where none can be started', async () => {
    // As the process runtime has it.
    const without = await AgentProcess.start({ nodeFlags: RESTRICTED });
    const { socket, head } = await upgraded(without);
    socket.destroy();
    expect(head).toMatch(/^HTTP\/1\.1 503 /);
    await without.end();
  });
});
