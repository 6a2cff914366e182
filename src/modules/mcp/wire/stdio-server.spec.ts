import { beforeEach, describe, expect, it } from '@jest/globals';
import { FakeMcpProgram } from '../../../../test/support/mcp/fake-mcp-program.js';
import { StdioServer } from './stdio-server.js';

describe('an MCP server on standard input and output', () => {
  let program: FakeMcpProgram;
  let sut: StdioServer;

  beforeEach(() => {
    program = new FakeMcpProgram();
    sut = new StdioServer(program, { messageBytes: 200 });
  });

  const all = async (): Promise<{ methods: (string | null)[]; how: string }> => {
    const messages = sut.messages();
    const methods: (string | null)[] = [];
    for (;;) {
      const next = await messages.next();
      if (next.done === true) return { methods, how: next.value };
      methods.push(next.value.method);
    }
  };

  it('says one message a line, or several in a list', async () => {
    program.says({ method: 'a' });
    program.writes('{"jsonrpc":"2.0",');
    program.writes('"method":"b"}\r\n\n');
    program.says('[{"jsonrpc":"2.0","method":"c"},{"jsonrpc":"2.0","method":"d"}]');
    program.ends();
    expect(await all()).toEqual({ methods: ['a', 'b', 'c', 'd'], how: 'ended' });
    expect(sut.stderr).toBe('');
  });

  it('has what it says beside its messages kept, and goes on', async () => {
    program.writes('starting\n', 'stderr');
    program.says('not JSON');
    program.says({ method: 7 });
    program.says({ method: 'a' });
    program.writes('{"jsonrpc":"2.0","method":"cut off"}');
    program.ends();
    expect(await all()).toEqual({ methods: ['a'], how: 'ended' });
    expect(sut.stderr).toBe('starting\nnot JSON\n{"jsonrpc":"2.0","method":7}\n');
  });

  it('is not understood any more after a message that is too long', async () => {
    program.says({ method: 'a' });
    program.says({ method: 'b'.repeat(200) });
    program.says({ method: 'c' });
    expect(await all()).toEqual({ methods: ['a'], how: 'too-long' });
  });

  it('is heard of no more once it was told to end', async () => {
    program.says({ method: 'a' });
    const messages = sut.messages();
    expect((await messages.next()).value).toMatchObject({ method: 'a' });
    sut.endInput();
    program.says({ method: 'b' });
    program.writes('late', 'stderr');
    program.ends();
    expect(await messages.next()).toEqual({ done: true, value: 'ended' });
    expect([program.inputHasEnded, sut.stderr]).toEqual([true, '']);
  });

  it('is told one line after another; what it has not taken is known', async () => {
    let take = (): void => undefined;
    program.takes = new Promise((resolve) => (take = resolve));
    const sent = Promise.all([sut.send('one'), sut.send('two')]);
    expect(sut.waitingBytes).toBe('one\ntwo\n'.length);
    take();
    await sent;
    expect([program.heard, sut.waitingBytes]).toEqual([['one\n', 'two\n'], 0]);
  });
});
