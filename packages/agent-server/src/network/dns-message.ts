/**
 * The few parts of DNS messages (RFC 1035) that a server needs which knows names and their IPv4 addresses and nothing else.
 * Questions without EDNS are answered as those with it: an answer of ours fits into 512 bytes.
 */
export const A = 1;
const IN = 1;

/** What a question is answered with. */
export const NO_ERROR = 0;
export const MALFORMED = 1;
export const FAILED = 2;
export const NO_SUCH_NAME = 3;
export const NOT_IMPLEMENTED = 4;
type Code = 0 | 1 | 2 | 3 | 4;

export interface Question {
  /** In lower case, without a dot at its end; null: it holds what no name of a host does. */
  readonly name: string | null;
  readonly type: number;
  /** Is it of the Internet's class, and an ordinary query? */
  readonly isQuery: boolean;
  /** Where it ends in the message. */
  readonly end: number;
}

const HEAD = 12;
const RESPONSE = 0x8000;
const OPCODE = 0x7800;
const RECURSION_DESIRED = 0x0100;
const RECURSION_AVAILABLE = 0x0080;
const LONGEST_NAME = 253;
const LONGEST_LABEL = 63;
const LABEL = /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$/;

/** The one question of a message; null when there is none to be read. Answers, which somebody could bounce here, are none. */
export function readQuestion(message: Buffer): Question | null {
  if (message.length < HEAD || message.readUInt16BE(4) !== 1) return null;
  const flags = message.readUInt16BE(2);
  if ((flags & RESPONSE) !== 0) return null;
  const labels: string[] = [];
  let at = HEAD;
  for (;;) {
    const length = message[at];
    // What is longer is a pointer, which a question has no use for.
    if (length === undefined || length > LONGEST_LABEL) return null;
    at += 1;
    if (length === 0) break;
    labels.push(message.toString('latin1', at, at + length).toLowerCase());
    at += length;
  }
  if (at + 4 > message.length) return null;
  const name = labels.join('.');
  return {
    name: name.length <= LONGEST_NAME && labels.every((label) => LABEL.test(label)) ? name : null,
    type: message.readUInt16BE(at),
    isQuery: message.readUInt16BE(at + 2) === IN && (flags & OPCODE) === 0,
    end: at + 4,
  };
}

/** @param ttlSeconds how long whoever asked may remember the address */
export function writeAnswer(
  message: Buffer,
  question: Question | null,
  code: Code,
  address: string | null = null,
  ttlSeconds = 0,
): Buffer {
  const head = Buffer.alloc(HEAD);
  message.copy(head, 0, 0, 2);
  const asked = message.readUInt16BE(2);
  head.writeUInt16BE(RESPONSE | (asked & (OPCODE | RECURSION_DESIRED)) | RECURSION_AVAILABLE | code, 2);
  head.writeUInt16BE(question === null ? 0 : 1, 4);
  head.writeUInt16BE(address === null ? 0 : 1, 6);
  const said = question === null ? Buffer.alloc(0) : message.subarray(HEAD, question.end);
  return Buffer.concat([head, said, ...(address === null ? [] : [addressRecord(address, ttlSeconds)])]);
}

function addressRecord(address: string, ttlSeconds: number): Buffer {
  const record = Buffer.alloc(16);
  // The name: where the question has it.
  record.writeUInt16BE(0xc000 | HEAD, 0);
  record.writeUInt16BE(A, 2);
  record.writeUInt16BE(IN, 4);
  record.writeUInt32BE(ttlSeconds, 6);
  record.writeUInt16BE(4, 10);
  Buffer.from(address.split('.').map(Number)).copy(record, 12);
  return record;
}
