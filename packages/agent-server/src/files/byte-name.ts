/**
 * A file's name, or a path, as the bytes it is: each character is one byte (latin1). A name need not be UTF-8, and what was
 * decoded on the way in could not be found again. Compares byte by byte, as UTF-8 sorts.
 */
export type ByteName = string;

export const toBytes = (text: string): ByteName => Buffer.from(text, 'utf8').toString('latin1');

/** For people and JSON: what is no UTF-8 becomes U+FFFD. */
export const toText = (name: ByteName): string => Buffer.from(name, 'latin1').toString('utf8');
