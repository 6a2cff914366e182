import type { Fault } from '../../../domain/errors/domain-error.js';
import type { JsonValue } from '../../../domain/json.js';
import { pointerTo } from '../../../domain/json-pointer.js';

export type Path = readonly (string | number)[];

/** What a template file says, and where. */
export interface TemplateFile {
  readonly value: JsonValue;
  /** The line, counted from 1, on which the value at `path` (or what comes nearest) begins; null when nobody knows. */
  lineOf(path: Path): number | null;
}

/** A fault at a place of the file, its line in front. */
export function faultAt(file: TemplateFile, path: Path, detail: string): Fault {
  const line = file.lineOf(path);
  return { pointer: pointerTo(path), detail: line === null ? detail : `line ${line}: ${detail}` };
}

/** A file whose text is not at hand: it came as JSON. */
export const jsonFile = (value: JsonValue): TemplateFile => ({ value, lineOf: () => null });
