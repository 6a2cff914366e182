import { serialize, type Document } from 'bson';

/** The error codes that drivers and Mongoose act on, by MongoDB's own names. */
export const MongoCode = {
  InternalError: 1,
  BadValue: 2,
  UnknownError: 8,
  FailedToParse: 9,
  Unauthorized: 13,
  TypeMismatch: 14,
  AuthenticationFailed: 18,
  IllegalOperation: 20,
  LockTimeout: 24,
  NamespaceNotFound: 26,
  CursorNotFound: 43,
  MaxTimeMSExpired: 50,
  CommandNotFound: 59,
  InvalidNamespace: 73,
  WriteConflict: 112,
  CommandNotSupported: 115,
  DocumentValidationFailure: 121,
  ShutdownInProgress: 91,
  TransactionTooOld: 225,
  NoSuchTransaction: 251,
  TransactionCommitted: 256,
  OutOfDiskSpace: 14031,
  DuplicateKey: 11000,
} as const satisfies Record<string, number>;

export type MongoCodeName = keyof typeof MongoCode;

export const TRANSIENT = 'TransientTransactionError';

/** An error as a command's answer reports it. */
export class CommandError extends Error {
  readonly code: number;
  readonly codeName: string;

  constructor(
    name: MongoCodeName | { readonly code: number; readonly codeName: string },
    message: string,
    readonly labels: readonly string[] = [],
    readonly fields: Readonly<Document> = {},
  ) {
    super(message);
    this.name = 'CommandError';
    this.code = typeof name === 'string' ? MongoCode[name] : name.code;
    this.codeName = typeof name === 'string' ? name : name.codeName;
  }

  toReply(): Uint8Array {
    return serialize({
      ok: 0,
      errmsg: this.message,
      code: this.code,
      codeName: this.codeName,
      ...(this.labels.length === 0 ? {} : { errorLabels: this.labels }),
      ...this.fields,
    });
  }

  withLabel(label: string): CommandError {
    return this.labels.includes(label)
      ? this
      : new CommandError(this, this.message, [...this.labels, label], this.fields);
  }
}
