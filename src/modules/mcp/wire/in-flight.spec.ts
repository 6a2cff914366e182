import { describe, expect, it } from '@jest/globals';
import type { Answer } from './answer.js';
import { InFlight } from './in-flight.js';
import { readMessages, type Message } from './message.js';

const answer = (isOpen = true): Answer => ({ isOpen }) as Answer;
const messages = (...values: object[]): readonly Message[] => {
  const batch = readMessages(JSON.stringify(values.map((value) => ({ jsonrpc: '2.0', ...value }))));
  if ('faults' in batch) throw new Error('no messages');
  return batch.messages;
};
const request = (id: unknown, params = {}): object => ({ id, method: 'x', params });

describe('requests in flight', () => {
  it('are found by their ids, of which a text and a number are two', () => {
    const sut = new InFlight();
    const [first, second] = [answer(), answer()];
    sut.add(messages(request(1), { method: 'told' }), first);
    sut.add(messages(request('1')), second);
    expect([sut.size, sut.has(1), sut.has('1'), sut.has(2)]).toEqual([2, true, true, false]);
    expect(sut.take('1')?.group.answer).toBe(second);
    expect([sut.take('1'), sut.take(null), sut.take(2)]).toEqual([null, null, null]);
    expect(sut.take(1)?.group.answer).toBe(first);
    expect(sut.size).toBe(0);
  });

  it('that came together are answered together', () => {
    const sut = new InFlight();
    sut.add(messages(request(1), request(2), request(3)), answer());
    expect(sut.take(1)?.group.waiting).toBe(2);
    const waiting: unknown[] = [];
    for (const { id, group } of sut.takeAll()) waiting.push([id, group.waiting]);
    expect(waiting).toEqual([
      [2, 1],
      [3, 0],
    ]);
  });

  it('hear of their own progress, while somebody is there', () => {
    const sut = new InFlight();
    const [mine, left] = [answer(), answer(false)];
    sut.add(messages(request(1, { _meta: { progressToken: 'a' } })), mine);
    sut.add(messages(request(2, { _meta: { progressToken: 'b' } })), left);
    const progress = (progressToken: unknown): Message =>
      messages({ method: 'notifications/progress', params: { progressToken } })[0]!;
    expect(sut.answerFor(progress('a'))).toBe(mine);
    for (const token of ['b', 'c', null]) expect(sut.answerFor(progress(token))).toBeNull();
    expect(sut.answerFor(messages({ method: 'other', params: { progressToken: 'a' } })[0]!)).toBeNull();
    expect([sut.isWaitedFor, sut.answers()]).toEqual([true, [mine]]);
    sut.take(1);
    expect(sut.isWaitedFor).toBe(false);
  });
});
