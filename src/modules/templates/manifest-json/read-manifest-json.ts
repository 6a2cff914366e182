import type { Fault } from '../../../domain/errors/domain-error.js';
import type { JsonObject, JsonValue } from '../../../domain/json.js';
import { MANIFEST_MOST } from '../../../domain/templates/manifest-bounds.js';
import { MANIFEST_SCHEMA } from '../../../domain/templates/manifest-schema.js';
import { TemplateFileInvalidError } from '../../../domain/templates/template-file-invalid.error.js';
import { isMapping } from '../daemon-v1/file-fields.js';
import { faultAt, type Path, type TemplateFile } from '../daemon-v1/template-file.js';
import { nameFromFile, slugOf } from '../daemon-v1/template-name.js';
import { tryNewTemplate, type NewTemplate } from '../template-input.js';

/** Where a template keeps what a manifest.json says beyond what Muster understands. */
export const EXTENSION = 'manifest_json';
/** What a template says beyond its manifest, in a file that Muster writes. */
export const MUSTER = 'x-muster';
export const MUSTER_FIELDS = [
  ...[
    'displayName',
    'role',
    'tags',
    'labels',
    'soul',
    'aieos_identity',
    'systemPrompt',
    'tools',
    'config',
    'extensions',
  ],
] as const;

const FIELDS = Object.keys(MANIFEST_SCHEMA['properties'] as JsonObject);
const HOOKS = ['preinstall', 'install', 'postinstall', 'hosthook_aftercreation', 'hosthook_postinstall'];

/** A part of a template, and the place in the file that it comes from. */
interface Taken {
  readonly to: Path;
  readonly from: Path;
  readonly value: JsonValue;
}

/**
 * The template that a manifest.json means, in the seed's spelling or in the API's. What is not understood is kept. A file
 * without a name is named by `fileName`, or by the folder in it: node-dev/manifest.json.
 * @throws TemplateFileInvalidError with every fault
 */
export function readManifestJson(file: TemplateFile, fileName: string | null): NewTemplate {
  const { value } = file;
  if (!isMapping(value)) throw new TemplateFileInvalidError([faultAt(file, [], 'must be a mapping')]);
  const left: Record<string, JsonValue> = Object.fromEntries(
    Object.entries(value).filter(([, member]) => member !== null),
  );
  const parts = [...namedParts(left), ...seedParts(left), ...ownParts(left)];
  const draft: Record<string, JsonValue> = {};
  for (const part of parts) put(draft, part.to, part.value);
  const name = nameOf(draft['name'], fileName);
  if (name === null) {
    throw new TemplateFileInvalidError([
      faultAt(file, ['name'], 'is missing: name the agent here, or send the name of its file as ?filename='),
    ]);
  }
  const extensions = isMapping(draft['extensions']) ? draft['extensions'] : {};
  const template = tryNewTemplate({
    ...draft,
    ...name,
    ...(draft['displayName'] === undefined ? {} : { displayName: draft['displayName'] }),
    ...(Object.keys(left).length === 0 ? {} : { extensions: { ...extensions, [EXTENSION]: left } }),
  });
  if ('faults' in template)
    throw new TemplateFileInvalidError(template.faults.map((fault) => inFile(file, parts, fault)));
  return template;
}

/** The seed puts no bounds to it: what a manifest cannot hold is kept as what is not understood. */
export const isRepoName = (value: JsonValue | undefined): value is string =>
  typeof value === 'string' && value !== '' && value.length <= MANIFEST_MOST.repoNameLength && !value.includes('\0');

function take(left: Record<string, JsonValue>, key: string): JsonValue | undefined {
  const value = left[key];
  Reflect.deleteProperty(left, key);
  return value;
}

function moved(left: Record<string, JsonValue>, key: string, to: Path): readonly Taken[] {
  const value = take(left, key);
  return value === undefined ? [] : [{ to, from: [key], value }];
}

function namedParts(left: Record<string, JsonValue>): readonly Taken[] {
  const nameKey = 'agentName' in left ? 'agentName' : 'name';
  const aboutKey = 'about' in left ? 'about' : 'description';
  return [...moved(left, nameKey, ['name']), ...moved(left, aboutKey, ['description'])];
}

/** What the seed spells otherwise. */
function seedParts(left: Record<string, JsonValue>): readonly Taken[] {
  const parts: Taken[] = [];
  for (const key of ['containerImage', 'container']) {
    if (left['image'] === undefined && !parts.some(({ to }) => to[1] === 'image')) {
      parts.push(...moved(left, key, ['manifest', 'image']));
    }
  }
  if (left['hooks'] === undefined)
    for (const hook of HOOKS) parts.push(...moved(left, hook, ['manifest', 'hooks', hook]));
  if (left['hostPath'] === undefined && (left['runMode'] === 'global' || left['runMode'] === 'devel')) {
    parts.push(...moved(left, 'projectPath', ['manifest', 'hostPath']));
  }
  const { config } = left;
  if (!isMapping(config)) return parts;
  const rest = { ...config };
  for (const [key, field] of [
    ['env', 'env'],
    ['ports', 'ports'],
    ['binds', 'mounts'],
  ] as const) {
    const value = rest[key];
    if (value === undefined || left[field] !== undefined) continue;
    Reflect.deleteProperty(rest, key);
    parts.push({ to: ['manifest', field], from: ['config', key], value: field === 'mounts' ? toMounts(value) : value });
  }
  if (Object.keys(rest).length === 0) Reflect.deleteProperty(left, 'config');
  else left['config'] = rest;
  return parts;
}

/** The seed's `ro` is the API's `readOnly`; a bind that does not say is one that can be written. */
function toMounts(binds: JsonValue): JsonValue {
  if (!Array.isArray(binds)) return binds;
  return (binds as readonly JsonValue[]).map((bind) => {
    if (!isMapping(bind)) return bind;
    const { ro, ...mount } = bind;
    return { ...mount, readOnly: mount['readOnly'] ?? ro ?? false };
  });
}

/** What is spelled as in the API, and what a file that Muster wrote says beside the manifest. */
function ownParts(left: Record<string, JsonValue>): readonly Taken[] {
  const fields = FIELDS.filter((field) => field !== 'repoName' || isRepoName(left[field]));
  const parts = fields.flatMap((field) => moved(left, field, ['manifest', field]));
  const muster = left[MUSTER];
  if (!isMapping(muster) || Object.keys(muster).some((key) => !(MUSTER_FIELDS as readonly string[]).includes(key))) {
    return parts;
  }
  Reflect.deleteProperty(left, MUSTER);
  return [...parts, ...Object.entries(muster).map(([key, value]) => ({ to: [key], from: [MUSTER, key], value }))];
}

function put(draft: Record<string, JsonValue>, [first, ...rest]: Path, value: JsonValue): void {
  const key = String(first);
  if (rest.length === 0) {
    draft[key] = value;
    return;
  }
  const inner = { ...(isMapping(draft[key]) ? draft[key] : {}) };
  put(inner, rest, value);
  draft[key] = inner;
}

function nameOf(given: JsonValue | undefined, fileName: string | null): JsonObject | null {
  if (given !== undefined && typeof given !== 'string') return { name: given };
  const words = (fileName ?? '').split(/[/\\]/);
  const isPlain = words.at(-1)?.toLowerCase() === 'manifest.json';
  const name = given === undefined ? nameFromFile((isPlain ? words.at(-2) : words.at(-1)) ?? '') : slugOf(given);
  if (name === '') return null;
  // A name that Muster has to write otherwise is still what people are to see.
  return { name, ...(given === undefined || given === name ? {} : { displayName: given }) };
}

/** The fault at the place in the file that its place in the template comes from. */
function inFile(file: TemplateFile, parts: readonly Taken[], { pointer, detail }: Fault): Fault {
  const path = pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const part = parts.find(({ to }) => to.every((step, index) => String(step) === path[index]));
  return faultAt(file, part === undefined ? path : [...part.from, ...path.slice(part.to.length)], detail);
}
