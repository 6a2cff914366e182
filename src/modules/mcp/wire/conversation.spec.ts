import { beforeEach, describe, expect, it } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { FakeMcpProgram } from '../../../../test/support/mcp/fake-mcp-program.js';
import type { Answer } from './answer.js';
import { Conversation, MOST_IN_FLIGHT } from './conversation.js';
import { readMessages, type Batch } from './message.js';
import { StdioServer } from './stdio-server.js';

/** What goes out by one HTTP answer. */
class FakeAnswer {
  readonly said: unknown[] = [];
  readonly headers: Record<string, string | null> = {};
  how: 'open' | 'finished' | 'accepted' | 'left' = 'open';
  private settle: () => void = () => undefined;
  readonly done = new Promise<void>((resolve) => {
    this.settle = resolve;
  });

  get isOpen(): boolean {
    return this.how === 'open';
  }
  /** As the conversation knows it. */
  get answer(): Answer {
    return this as unknown as Answer;
  }
  header(name: string, value: string | null): void {
    this.headers[name] = value;
  }
  begin(): void {
    this.said.push('begun');
  }
  deliver(text: string): Promise<void> {
    this.said.push(JSON.parse(text));
    return Promise.resolve();
  }
  finish(text: string | null): Promise<void> {
    if (this.how !== 'open') return Promise.resolve();
    if (text !== null) this.said.push(JSON.parse(text));
    return this.over('finished');
  }
  accept(): void {
    void this.over('accepted');
  }
  leave(): void {
    void this.over('left');
  }
  private over(how: FakeAnswer['how']): Promise<void> {
    if (this.how === 'open') this.how = how;
    this.settle();
    return Promise.resolve();
  }
}

const batchOf = (value: object): Batch => {
  const batch = readMessages(
    JSON.stringify(
      Array.isArray(value) ? value.map((one: object) => ({ jsonrpc: '2.0', ...one })) : { jsonrpc: '2.0', ...value },
    ),
  );
  if ('faults' in batch) throw new Error(JSON.stringify(batch.faults));
  return batch;
};

describe('a conversation of an MCP client with a server', () => {
  let program: FakeMcpProgram;
  let agreed: string[];
  let sut: Conversation;

  beforeEach(() => {
    program = new FakeMcpProgram();
    agreed = [];
    sut = new Conversation(new StdioServer(program, { messageBytes: 100_000 }), {
      onAgreed: (version) => agreed.push(version),
    });
  });

  const ask = (value: object): FakeAnswer => {
    const answer = new FakeAnswer();
    void sut.take(batchOf(value), answer.answer);
    return answer;
  };
  const listen = (): FakeAnswer => {
    const answer = new FakeAnswer();
    sut.listen(answer.answer);
    return answer;
  };
  const settled = async (): Promise<void> => {
    for (let turns = 0; turns < 20; turns += 1) await turn();
  };

  it('gives each answer to who asked, whatever the order', async () => {
    const [first, second] = [ask({ id: 1, method: 'a' }), ask({ id: '1', method: 'b' })];
    program.says({ id: '1', result: { of: 'b' } });
    program.says({ id: 1, result: { of: 'a' } });
    program.says({ id: 1, result: { of: 'nobody' } });
    await settled();
    expect([first.how, first.said]).toEqual(['finished', [{ jsonrpc: '2.0', id: 1, result: { of: 'a' } }]]);
    expect(second.said).toEqual([{ jsonrpc: '2.0', id: '1', result: { of: 'b' } }]);
    expect(program.heard).toHaveLength(2);
  });

  it('answers what asks nothing once the server has it', async () => {
    const told = ask({ method: 'notifications/initialized' });
    await settled();
    expect([told.how, program.heard]).toEqual([
      'accepted',
      ['{"jsonrpc":"2.0","method":"notifications/initialized"}\n'],
    ]);
  });

  it('answers a list when all of it is answered', async () => {
    const list = ask([{ id: 1, method: 'a' }, { method: 'told' }, { id: 2, method: 'b' }]);
    program.says({ id: 2, result: {} });
    await settled();
    expect([list.how, list.said]).toEqual(['open', [{ jsonrpc: '2.0', id: 2, result: {} }]]);
    program.says({ id: 1, result: {} });
    await settled();
    expect([list.how, list.said]).toMatchObject(['finished', [{ id: 2 }, { id: 1 }]]);
  });

  it('begins with the revision that the server names', async () => {
    ask({ id: 0, method: 'initialize' });
    expect(sut.protocolVersion).toBeNull();
    program.says({ id: 0, result: { protocolVersion: '2025-06-18' } });
    await settled();
    expect([sut.protocolVersion, agreed]).toEqual(['2025-06-18', ['2025-06-18']]);
  });

  it('is over when the server refuses to begin: no session is told of', async () => {
    const asked = ask({ id: 0, method: 'initialize' });
    program.says({ id: 0, error: { code: -32602, message: 'no' } });
    expect(await sut.run()).toEqual({ end: 'refused', exitCode: null });
    expect([asked.headers, asked.said]).toMatchObject([{ 'mcp-session-id': null }, [{ error: { code: -32602 } }]]);
  });

  describe('what the server says by itself', () => {
    it('goes to the one request in flight, else to who listens, else to the newest request', async () => {
      const listener = listen();
      const first = ask({ id: 1, method: 'a' });
      program.says({ method: 'to the only one' });
      await settled();
      const second = ask({ id: 2, method: 'b' });
      program.says({ method: 'to the listener' });
      await settled();
      listener.leave();
      program.says({ method: 'to the newest' });
      await settled();
      expect(first.said).toMatchObject([{ method: 'to the only one' }]);
      expect(listener.said).toMatchObject(['begun', { method: 'to the listener' }]);
      expect(second.said).toMatchObject([{ method: 'to the newest' }]);
    });

    it('waits while nobody hears, and comes first, in its order', async () => {
      for (const method of ['one', 'two', 'three']) program.says({ method });
      await settled();
      const listener = listen();
      await settled();
      expect(listener.said).toMatchObject(['begun', { method: 'one' }, { method: 'two' }, { method: 'three' }]);
    });

    it('is not read any further while too much of it is unheard; nothing is lost', async () => {
      const many = 1_000;
      for (let n = 0; n < many; n += 1) program.says({ method: `n${n}` });
      await settled();
      const listener = listen();
      for (let turns = 0; turns < 200 && listener.said.length <= many; turns += 1) await settled();
      expect(listener.said.slice(1).map((message) => (message as { method: string }).method)).toEqual(
        Array.from({ length: many }, (_, n) => `n${n}`),
      );
    });

    it('as progress goes where it was asked for', async () => {
      const first = ask({ id: 1, method: 'a', params: { _meta: { progressToken: 'p' } } });
      const second = ask({ id: 2, method: 'b' });
      program.says({ method: 'notifications/progress', params: { progressToken: 'p', progress: 1 } });
      await settled();
      expect([first.said.length, second.said.length]).toEqual([1, 0]);
    });
  });

  it('has one listening stream: a new one takes the place of the old one', () => {
    const [before, now] = [listen(), listen()];
    expect([before.how, now.how]).toEqual(['finished', 'open']);
  });

  it('forgets a request that is cancelled, whose stream ends', async () => {
    const asked = ask({ id: 1, method: 'slow' });
    const cancel = ask({ method: 'notifications/cancelled', params: { requestId: 1 } });
    await settled();
    expect([asked.how, asked.said, cancel.how]).toEqual(['finished', [], 'accepted']);
    program.says({ id: 1, result: { comes: 'too late' } });
    await settled();
    expect(asked.said).toEqual([]);
    expect(ask({ id: 1, method: 'again' }).how).toBe('open');
  });

  it('refuses an id that is in flight, and more requests than there may be', async () => {
    ask({ id: 1, method: 'a' });
    const again = sut.take(batchOf({ id: 1, method: 'a' }), new FakeAnswer().answer);
    await expect(again).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    const twice = [
      { id: 2, method: 'a' },
      { id: 2, method: 'b' },
    ];
    await expect(sut.take(batchOf(twice), new FakeAnswer().answer)).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
    });
    for (let id = 2; id <= MOST_IN_FLIGHT; id += 1) ask({ id, method: 'a' });
    const more = sut.take(batchOf({ id: 'more', method: 'a' }), new FakeAnswer().answer);
    await expect(more).rejects.toMatchObject({ code: 'MCP_SESSION_BUSY' });
    // What asks nothing still gets through: it may be a cancellation.
    expect(await sut.take(batchOf({ method: 'told' }), new FakeAnswer().answer)).toBeUndefined();
  });

  it.each([
    ['by itself', () => program.ends(3), { end: 'server-ended', exitCode: 3 }, '(exit code 3)'],
    [
      'with a message that is too long',
      () => program.says('x'.repeat(100_001)),
      { end: 'protocol-error' },
      'protocol-error',
    ],
    ['with the engine', () => program.breaks(new Error('gone')), { end: 'failed', exitCode: null }, 'failed'],
    ['in time', () => sut.finish('idle'), { end: 'idle', exitCode: null }, 'idle'],
  ])('ends %s: who waits and who listens is told', async (_how, end, ending, told) => {
    const listener = listen();
    const asked = ask([
      { id: 1, method: 'a' },
      { id: 2, method: 'b' },
    ]);
    program.writes('last words\n', 'stderr');
    await settled();
    end();
    expect(await sut.run()).toMatchObject(ending);
    expect([asked.how, listener.how]).toEqual(['finished', 'finished']);
    expect(asked.said).toMatchObject(
      [1, 2].map((id) => ({ id, error: { code: -32000, data: { stderr: 'last words\n' } } })),
    );
    expect(JSON.stringify(asked.said)).toContain(told);
    // And whoever comes too late.
    const late = ask({ id: 3, method: 'c' });
    await settled();
    expect([late.how, listen().how]).toEqual(['finished', 'finished']);
  });

  it('is unused since somebody said something, and not while somebody waits', async () => {
    const asked = ask({ id: 1, method: 'a' });
    await settled();
    expect(sut.unusedFor).toBe(0);
    asked.leave();
    expect(sut.unusedFor).toBeGreaterThanOrEqual(0);
  });
});
