import { describe, expect, it } from '@jest/globals';
import { errorText, isRequest, readMessages, type Batch, type Message } from './message.js';

const read = (json: string): Batch => {
  const batch = readMessages(json);
  if ('faults' in batch) throw new Error(JSON.stringify(batch.faults));
  return batch;
};
const one = (json: string): Message => read(json).messages[0]!;
const faultsOf = (json: string): string[] => {
  const batch = readMessages(json);
  return 'faults' in batch ? batch.faults.map(({ pointer }) => pointer) : [];
};

describe('a JSON-RPC message', () => {
  it.each([
    ['{"jsonrpc":"2.0","id":1,"method":"ping"}', { kind: 'request', id: 1, method: 'ping', progressToken: null }],
    ['{"jsonrpc":"2.0","id":"1","method":"ping"}', { kind: 'request', id: '1' }],
    ['{"jsonrpc":"2.0","id":0,"method":"ping"}', { kind: 'request', id: 0 }],
    ['{"jsonrpc":"2.0","method":"ping"}', { kind: 'notification', id: null, cancels: null }],
    ['{"jsonrpc":"2.0","id":1,"result":{}}', { kind: 'response', id: 1, method: null, isError: false }],
    ['{"jsonrpc":"2.0","id":null,"error":{}}', { kind: 'response', id: null, isError: true }],
    ['{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-06-18"}}', { protocolVersion: '2025-06-18' }],
    ['{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":7}}', { protocolVersion: null }],
    ['{"jsonrpc":"2.0","id":1,"method":"x","params":{"_meta":{"progressToken":"p"}}}', { progressToken: 'p' }],
    ['{"jsonrpc":"2.0","id":1,"method":"x","params":{"progressToken":"p"}}', { progressToken: null }],
    ['{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":5}}', { progressToken: 5 }],
    ['{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"a"}}', { cancels: 'a' }],
    ['{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":{}}}', { cancels: null }],
    ['{"jsonrpc":"2.0","method":"notifications/other","params":{"requestId":"a"}}', { cancels: null }],
  ])('is known by what a bridge has to know of it: %s', (json, known) => {
    expect(one(json)).toMatchObject(known);
  });

  it.each([
    ['7', ['']],
    ['[]', ['']],
    ['{}', ['/jsonrpc', '']],
    ['{"jsonrpc":"2.0","method":1}', ['/method']],
    ['{"jsonrpc":"2.0","id":null,"method":"x"}', ['/id']],
    ['{"jsonrpc":"2.0","id":{},"method":"x"}', ['/id']],
    ['{"jsonrpc":"2.0","result":{}}', ['/id']],
    ['[{"jsonrpc":"2.0","method":"x"},{"jsonrpc":"1.0","method":"x"},null]', ['/1/jsonrpc', '/2']],
  ])('is none, and where: %s', (json, pointers) => {
    expect(faultsOf(json)).toEqual(pointers);
  });

  it('is not read where it is no JSON', () => {
    expect(() => readMessages('{')).toThrow(SyntaxError);
  });

  it('stays as it was written, on one line', () => {
    const [begin, end] = ['{"jsonrpc":"2.0",', '"id":1,"method":"x","params":{"n":12345678901234567890,"t":"a\\nb"}}'];
    expect(one(`${begin}\r\n${end}`).text).toBe(`${begin} ${end}`);
  });

  it('stays as it was written in a list, too', () => {
    const items = [
      '{"jsonrpc":"2.0","method":"x","params":[12345678901234567890, 1.0]}',
      '{"jsonrpc":"2.0", "id":1, "method":"y"}',
    ];
    const batch = read(`[ ${items.join(' , ')} ]`);
    expect([batch.isList, batch.messages.map(({ text }) => text)]).toEqual([true, items]);
    expect(batch.messages.filter(isRequest)).toHaveLength(1);
  });

  it('of Muster’s own says what went wrong', () => {
    expect(one(errorText('a', -32000, 'gone', { end: 'lost' }))).toMatchObject({
      kind: 'response',
      id: 'a',
      isError: true,
    });
  });
});
