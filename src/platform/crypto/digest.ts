import { createHash } from 'node:crypto';
import { canonicalJson } from './canonical-json.js';

/** SHA-256 over UTF-8 text, in lower-case hex. */
export const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');

/** SHA-256, in lower-case hex, over the RFC 8785 canonical JSON of a value. */
export const digestOf = (value: unknown): string => sha256(canonicalJson(value));
