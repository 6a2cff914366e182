import { describe, expect, it } from '@jest/globals';
import { deserialize, serialize } from 'bson';
import { encodeReply, messageLength, ProtocolError, readCommand } from './messages.js';

function header(opCode: number, ...parts: Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const message = Buffer.alloc(16);
  message.writeInt32LE(16 + body.length, 0);
  message.writeInt32LE(42, 4);
  message.writeInt32LE(opCode, 12);
  return Buffer.concat([message, body]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

const body = (document: object): Buffer => Buffer.concat([Buffer.of(0), serialize(document)]);
const sequence = (name: string, ...documents: object[]): Buffer => {
  const content = Buffer.concat([Buffer.from(`${name}\0`), ...documents.map((document) => serialize(document))]);
  return Buffer.concat([Buffer.of(1), int32(4 + content.length), content]);
};

describe('readCommand', () => {
  it('reads an OP_MSG with a document sequence, in either order', () => {
    const sections = [body({ insert: 'c' }), sequence('documents', { a: 1 }, { b: 2 })];
    for (const ordered of [sections, [...sections].reverse()]) {
      const command = readCommand(header(2013, int32(0), ...ordered));
      expect(command).toMatchObject({ requestId: 42, legacy: false, unacknowledged: false });
      expect(deserialize(command.body)).toEqual({ insert: 'c' });
      expect(command.sequence).toEqual(Buffer.concat([serialize({ a: 1 }), serialize({ b: 2 })]));
    }
  });

  it('knows writes that want no answer, and skips a checksum', () => {
    const command = readCommand(header(2013, int32(0b11), body({ ping: 1 }), int32(123456)));
    expect(command.unacknowledged).toBe(true);
    expect(deserialize(command.body)).toEqual({ ping: 1 });
  });

  it('reads the OP_QUERY of a first handshake', () => {
    const command = readCommand(
      header(2004, int32(0), Buffer.from('admin.$cmd\0'), int32(0), int32(-1), serialize({ isMaster: 1 })),
    );
    expect(command.legacy).toBe(true);
    expect(deserialize(command.body)).toEqual({ isMaster: 1 });
  });

  it.each([
    ['an unknown operation', header(2010, int32(0))],
    ['an unknown required flag', header(2013, int32(1 << 5), body({ ping: 1 }))],
    ['no body', header(2013, int32(0), sequence('documents', { a: 1 }))],
    ['two bodies', header(2013, int32(0), body({ ping: 1 }), body({ ping: 1 }))],
    ['a section beyond the end', header(2013, int32(0), body({ ping: 1 }).subarray(0, -3))],
    [
      'a query that is no command',
      header(2004, int32(0), Buffer.from('db.things\0'), int32(0), int32(1), serialize({})),
    ],
  ])('refuses a message with %s', (_what, message) => {
    expect(() => readCommand(message)).toThrow(ProtocolError);
  });
});

describe('messageLength', () => {
  it.each([0, 15, -1, 48_000_001])('refuses %d bytes', (length) => {
    expect(() => messageLength(int32(length), 0)).toThrow(ProtocolError);
  });
});

describe('encodeReply', () => {
  it('answers in the operation of the command', () => {
    const modern = encodeReply(readCommand(header(2013, int32(0), body({ ping: 1 }))), 7, serialize({ ok: 1 }));
    expect([modern.readInt32LE(0), modern.readInt32LE(4), modern.readInt32LE(8), modern.readInt32LE(12)]).toEqual([
      modern.length,
      7,
      42,
      2013,
    ]);
    expect(deserialize(modern.subarray(21))).toEqual({ ok: 1 });
    const legacy = encodeReply(
      readCommand(header(2004, int32(0), Buffer.from('admin.$cmd\0'), int32(0), int32(-1), serialize({ isMaster: 1 }))),
      7,
      serialize({ ok: 1 }),
    );
    expect([legacy.readInt32LE(12), legacy.readInt32LE(32)]).toEqual([1, 1]);
    expect(deserialize(legacy.subarray(36))).toEqual({ ok: 1 });
  });
});
