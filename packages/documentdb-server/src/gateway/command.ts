import { deserialize, type Document } from 'bson';
import type { WireCommand } from '../mongo-wire/messages.js';
import { BsonType, numberOf, readFields, stringOf, type RawField } from '../mongo-wire/raw-bson.js';
import { CommandError } from './command-error.js';

/** A command with what its envelope says; the rest of the body stays undecoded. */
export class Command {
  readonly name: string;
  readonly database: string;
  /** The value of the first field when it is a string: mostly the collection. */
  readonly target: string | undefined;
  readonly fields: readonly RawField[];
  /** Identifies the logical session; the client chose it. */
  readonly session: string | undefined;
  readonly transactionNumber: number | undefined;
  readonly startsTransaction: boolean;
  readonly inTransaction: boolean;
  private decoded: Document | undefined;

  constructor(readonly wire: WireCommand) {
    const { body } = wire;
    this.fields = readFields(body);
    const first = this.fields[0];
    if (!first) throw new CommandError('FailedToParse', 'The command is empty.');
    this.name = first.name;
    this.target = stringOf(body, first);
    let database = '';
    let session: string | undefined;
    let transactionNumber: number | undefined;
    let starts = false;
    let inTransaction = false;
    for (const field of this.fields) {
      switch (field.name) {
        case '$db':
          database = stringOf(body, field) ?? '';
          break;
        case 'lsid':
          session = body.toString('base64', field.start, field.end);
          break;
        case 'txnNumber':
          transactionNumber = numberOf(body, field);
          break;
        case 'startTransaction':
          starts = numberOf(body, field) === 1;
          break;
        case 'autocommit':
          inTransaction = numberOf(body, field) === 0;
          break;
      }
    }
    this.database = database === '' ? 'admin' : database;
    this.session = session;
    this.transactionNumber = transactionNumber;
    this.startsTransaction = starts;
    this.inTransaction = inTransaction;
  }

  get body(): Buffer {
    return this.wire.body;
  }

  /** The collection's name. @throws CommandError when the command names none */
  get collection(): string {
    if (this.target === undefined || this.target === '') {
      throw new CommandError('InvalidNamespace', `Command ${this.name} needs the name of a collection.`);
    }
    return this.target;
  }

  /** The sessions that endSessions names, in the form of `session`. */
  sessionsToEnd(): string[] {
    const first = this.fields[0];
    if (first?.type !== BsonType.array) return [];
    const list = this.body.subarray(first.start, first.end);
    return readFields(list).map((field) => list.toString('base64', field.start, field.end));
  }

  /** The whole body, decoded at the first call. */
  document(): Document {
    this.decoded ??= deserialize(this.body);
    return this.decoded;
  }
}
