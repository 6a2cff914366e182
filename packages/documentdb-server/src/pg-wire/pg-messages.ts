/**
 * Messages of PostgreSQL's wire protocol, version 3 (PostgreSQL documentation, "Frontend/Backend Protocol"): the few that
 * prepared statements with binary parameters and results need.
 */

/** A parameter in PostgreSQL's binary form. Text is sent as UTF-8, which is its binary form. */
export type PgParameter = Buffer | string | null;

const PROTOCOL_3_0 = 196_608;

/** The types of the messages that the server sends. */
export const Backend = {
  parseComplete: 0x31, // 1
  authentication: 0x52, // R
  dataRow: 0x44, // D
  error: 0x45, // E
  readyForQuery: 0x5a, // Z
} as const;

export function startup(parameters: Readonly<Record<string, string>>): Buffer {
  const body = Buffer.from(`${Object.entries(parameters).flat().join('\0')}\0\0`);
  const message = Buffer.allocUnsafe(8 + body.length);
  message.writeInt32BE(message.length, 0);
  message.writeInt32BE(PROTOCOL_3_0, 4);
  body.copy(message, 8);
  return message;
}

/** A simple query: one or more statements as text. */
export function query(sql: string): Buffer {
  const length = Buffer.byteLength(sql) + 1;
  const message = Buffer.alloc(5 + length);
  message[0] = 0x51; // Q
  message.writeInt32BE(4 + length, 1);
  message.write(sql, 5);
  return message;
}

export function parse(name: string, sql: string): Buffer {
  const length = Buffer.byteLength(name) + 1 + Buffer.byteLength(sql) + 1 + 2;
  const message = Buffer.alloc(5 + length);
  message[0] = 0x50; // P
  message.writeInt32BE(4 + length, 1);
  const at = 5 + message.write(name, 5) + 1;
  message.write(sql, at);
  return message;
}

/** Bind, Execute and Sync in one buffer: everything that running a prepared statement takes. */
export function run(name: string, parameters: readonly PgParameter[]): Buffer {
  const nameLength = Buffer.byteLength(name) + 1;
  const sizes = parameters.map((value) =>
    value === null ? 0 : typeof value === 'string' ? Buffer.byteLength(value) : value.length,
  );
  const bindLength = 4 + 1 + nameLength + 4 + 2 + sizes.reduce((sum, size) => sum + 4 + size, 0) + 4;
  const message = Buffer.allocUnsafe(1 + bindLength + 10 + 5);
  let at = message.writeUInt8(0x42, 0); // B
  at = message.writeInt32BE(bindLength, at);
  at = message.writeUInt8(0, at); // the unnamed portal
  at += message.write(name, at, 'latin1');
  at = message.writeUInt8(0, at);
  at = message.writeInt16BE(1, at); // one format code for all parameters: binary
  at = message.writeInt16BE(1, at);
  at = message.writeInt16BE(parameters.length, at);
  for (const [index, value] of parameters.entries()) {
    at = message.writeInt32BE(value === null ? -1 : (sizes[index] ?? 0), at);
    if (value === null) continue;
    at += typeof value === 'string' ? message.write(value, at) : value.copy(message, at);
  }
  at = message.writeInt16BE(1, at); // all results in binary
  at = message.writeInt16BE(1, at);
  at = message.writeUInt8(0x45, at); // E
  at = message.writeInt32BE(9, at);
  at = message.writeUInt8(0, at);
  at = message.writeInt32BE(0, at); // all rows
  at = message.writeUInt8(0x53, at); // S
  message.writeInt32BE(4, at);
  return message;
}

export function terminate(): Buffer {
  return Buffer.from([0x58, 0, 0, 0, 4]);
}

/** The columns of a DataRow's body. */
export function readRow(body: Buffer): (Buffer | null)[] {
  const columns: (Buffer | null)[] = new Array<Buffer | null>(body.readInt16BE(0));
  let at = 2;
  for (let index = 0; index < columns.length; index++) {
    const length = body.readInt32BE(at);
    at += 4;
    columns[index] = length === -1 ? null : body.subarray(at, at + length);
    if (length > 0) at += length;
  }
  return columns;
}

/** The fields of an ErrorResponse's body, by their one-letter types. */
export function readErrorFields(body: Buffer): Map<string, string> {
  const fields = new Map<string, string>();
  for (let at = 0; at < body.length && body[at] !== 0;) {
    const end = body.indexOf(0, at);
    fields.set(String.fromCharCode(body[at] ?? 0), body.toString('utf8', at + 1, end));
    at = end + 1;
  }
  return fields;
}
