import { DomainError } from '../../domain/errors/domain-error.js';

/** An answer of the protocol has some ten values, but for a list of files; these are more than any other will ever need. */
const MOST_VALUES = 1000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const ARRAY = 0x5b;
const OBJECT = 0x7b;

/**
 * Reads the JSON that an agent answered with. Eight megabytes of brackets take a second to build and hundreds of
 * megabytes to hold, and everybody waits meanwhile; one text of that length takes neither. So it is counted first.
 *
 * @throws DomainError MALFORMED_REQUEST for more values than an answer has; SyntaxError for what is no JSON
 */
export function parseAnswer(bytes: Buffer, mostValues = MOST_VALUES): unknown {
  if (holdsMoreValues(bytes, mostValues))
    throw new DomainError('MALFORMED_REQUEST', `The agent answered with more than ${mostValues} values.`);
  return JSON.parse(bytes.toString('utf8'));
}

function holdsMoreValues(bytes: Buffer, most: number): boolean {
  let values = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      at = endOfText(bytes, at + 1);
    } else if (byte === COMMA || byte === ARRAY || byte === OBJECT) {
      values += 1;
      if (values > most) return true;
    }
  }
  return false;
}

/** Where the quote stands that ends the text which begins at `from`. */
function endOfText(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return at;
}
