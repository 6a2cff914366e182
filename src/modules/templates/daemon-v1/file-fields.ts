import type { JsonValue } from '../../../domain/json.js';

/** The fields of a daemon/v1 file that Muster understands, by section; soul and what follows it are Muster's additions. */
export const FILE_FIELDS = {
  metadata: ['name', 'description', 'model', 'tools', 'labels', 'display_name', 'role', 'tags'],
  spec: ['system_prompt', 'tools', 'soul', 'aieos_identity', 'skills', 'can_write_code', 'mcp_servers', 'manifest'],
} as const;

export type Section = keyof typeof FILE_FIELDS;
export const SECTIONS = Object.keys(FILE_FIELDS) as Section[];

export const isMapping = (value: unknown): value is Readonly<Record<string, JsonValue>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isKnown = (section: Section, field: string): boolean =>
  (FILE_FIELDS[section] as readonly string[]).includes(field);

/** What in `extensions` stands where the file has a field that Muster understands. */
export function collisions(extensions: unknown): readonly string[] {
  if (!isMapping(extensions)) return [];
  const top = ['apiVersion', 'kind'].filter((field) => Object.hasOwn(extensions, field));
  const inSections = SECTIONS.filter((section) => Object.hasOwn(extensions, section)).flatMap((section) => {
    const fields = extensions[section];
    if (!isMapping(fields)) return [section];
    return Object.keys(fields)
      .filter((field) => isKnown(section, field))
      .map((field) => `${section}.${field}`);
  });
  return [...top, ...inSections];
}
