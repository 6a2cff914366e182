import { readFields, type RawField } from './raw-bson.js';

/** A value with its BSON type, as bytes. */
export interface RawValue {
  readonly type: number;
  readonly bytes: Buffer;
}

/** Copies a document, or an array, with other values where `replace` gives one. Order and types of all else stay as they are. */
export function rewriteDocument(
  document: Buffer,
  replace: (field: RawField, bytes: Buffer) => RawValue | undefined,
): Buffer {
  const parts: Buffer[] = [Buffer.alloc(4)];
  let changed = false;
  for (const field of readFields(document)) {
    const bytes = document.subarray(field.start, field.end);
    const replaced = replace(field, bytes);
    changed ||= replaced !== undefined;
    parts.push(Buffer.of(replaced?.type ?? field.type), Buffer.from(`${field.name}\0`), replaced?.bytes ?? bytes);
  }
  if (!changed) return document;
  parts.push(Buffer.of(0));
  const result = Buffer.concat(parts);
  result.writeInt32LE(result.length, 0);
  return result;
}
