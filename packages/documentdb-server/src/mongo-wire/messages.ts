import { InvalidBsonError } from './raw-bson.js';

/** MongoDB's wire protocol: OP_MSG, and OP_QUERY for the first handshake of drivers that do not know the server yet. */

const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;
const HEADER_BYTES = 16;

const CHECKSUM_PRESENT = 1 << 0;
const MORE_TO_COME = 1 << 1;
/** Bits 0 to 15 must be understood; a message with another of them set has to be refused. */
const KNOWN_REQUIRED_BITS = CHECKSUM_PRESENT | MORE_TO_COME;

/** A command as it came over the wire; its bytes are the connection's own, nothing is copied. */
export interface WireCommand {
  readonly requestId: number;
  readonly legacy: boolean;
  readonly body: Buffer;
  /** Documents that were sent beside the body (insert's documents, update's updates, delete's deletes). */
  readonly sequence: Buffer | undefined;
  /** The client wants no answer (an unacknowledged write). */
  readonly unacknowledged: boolean;
}

/** Thrown when a client sends something that is not this protocol; its connection has to be closed. */
export class ProtocolError extends Error {
  readonly code = 'PROTOCOL_ERROR';

  constructor(reason: string) {
    super(`Wire protocol: ${reason}`);
    this.name = 'ProtocolError';
  }
}

/** What a message may have at most (MongoDB's own limit). */
export const MAX_MESSAGE_BYTES = 48_000_000;
export const MESSAGE_HEADER_BYTES = HEADER_BYTES;

/** @throws ProtocolError for a length that no message has */
export function messageLength(data: Buffer, at: number): number {
  const length = data.readInt32LE(at);
  if (length < HEADER_BYTES || length > MAX_MESSAGE_BYTES)
    throw new ProtocolError(`message of ${String(length)} bytes`);
  return length;
}

/** @throws ProtocolError */
export function readCommand(message: Buffer): WireCommand {
  const requestId = message.readInt32LE(4);
  switch (message.readInt32LE(12)) {
    case OP_MSG:
      return readOpMsg(message, requestId);
    case OP_QUERY:
      return readOpQuery(message, requestId);
    default:
      throw new ProtocolError(`operation ${String(message.readInt32LE(12))} is not supported`);
  }
}

/** The answer to a command, in the operation that the command came in. */
export function encodeReply(command: WireCommand, responseId: number, document: Uint8Array): Buffer {
  const prefix = command.legacy ? HEADER_BYTES + 20 : HEADER_BYTES + 5;
  const reply = Buffer.allocUnsafe(prefix + document.length);
  reply.writeInt32LE(reply.length, 0);
  reply.writeInt32LE(responseId, 4);
  reply.writeInt32LE(command.requestId, 8);
  reply.fill(0, 16, prefix);
  if (command.legacy) {
    reply.writeInt32LE(OP_REPLY, 12);
    reply.writeInt32LE(8, 16); // AwaitCapable, which every server since 1.6 is
    reply.writeInt32LE(1, 32); // one document
  } else {
    reply.writeInt32LE(OP_MSG, 12); // no flags, one section of kind 0
  }
  reply.set(document, prefix);
  return reply;
}

function readOpMsg(message: Buffer, requestId: number): WireCommand {
  if (message.length < 26) throw new ProtocolError('message too short');
  const flags = message.readUInt32LE(16);
  if ((flags & 0xffff & ~KNOWN_REQUIRED_BITS) !== 0) throw new ProtocolError(`unknown flags ${String(flags)}`);
  const end = message.length - (flags & CHECKSUM_PRESENT ? 4 : 0);
  let body: Buffer | undefined;
  let sequence: Buffer | undefined;
  for (let at = 20; at < end;) {
    const kind = message[at];
    const length = at + 5 <= end ? message.readInt32LE(at + 1) : 0;
    if (length < 5 || at + 1 + length > end) throw new ProtocolError('section beyond the message');
    const section = message.subarray(at + 1, at + 1 + length);
    if (kind === 0 && !body) body = section;
    // No supported command has two sequences; one that has (bulkWrite) is refused by its name, so its second is not kept.
    else if (kind === 1) sequence ??= section.subarray(section.indexOf(0, 4) + 1);
    else throw new ProtocolError(`unexpected section of kind ${String(kind)}`);
    at += 1 + length;
  }
  if (!body) throw new ProtocolError('message without a body');
  return { requestId, legacy: false, body, sequence, unacknowledged: (flags & MORE_TO_COME) !== 0 };
}

function readOpQuery(message: Buffer, requestId: number): WireCommand {
  const nameEnd = message.indexOf(0, 20);
  const start = nameEnd + 9;
  if (nameEnd === -1 || start + 5 > message.length) throw new ProtocolError('query too short');
  if (!message.toString('latin1', 20, nameEnd).endsWith('.$cmd'))
    throw new ProtocolError('only commands may come as OP_QUERY');
  const length = message.readInt32LE(start);
  if (length < 5 || start + length > message.length) throw new InvalidBsonError('wrong document length');
  return {
    requestId,
    legacy: true,
    body: message.subarray(start, start + length),
    sequence: undefined,
    unacknowledged: false,
  };
}
