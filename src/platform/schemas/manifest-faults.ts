import type { Fault } from '../../domain/errors/domain-error.js';
import { manifestGaps } from '../../domain/templates/manifest-not-yet.js';
import { manifestRuleFaults } from '../../domain/templates/manifest-rules.js';
import { MANIFEST_SCHEMA } from '../../domain/templates/manifest-schema.js';
import type { Manifest } from '../../domain/templates/manifest.js';
import { schemaFaults } from './schema-faults.js';

/** Everything that keeps a value from being a manifest that this Muster acts on; pointers lead into it. */
export function manifestFaults(value: unknown): readonly Fault[] {
  const faults = schemaFaults(MANIFEST_SCHEMA, value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return faults;
  const unfit = new Set(faults.map(({ pointer }) => fieldOf(pointer)));
  // Its fields that fit the schema are what the schema's type says they are.
  const fit = Object.fromEntries(Object.entries(value).filter(([field]) => !unfit.has(field))) as Manifest;
  const further = [...manifestRuleFaults(fit), ...manifestGaps(fit)];
  return [...faults, ...further.filter(({ pointer }) => !unfit.has(fieldOf(pointer)))];
}

const fieldOf = (pointer: string): string => pointer.split('/')[1] ?? '';
