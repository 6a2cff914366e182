import type { Fault } from '../../../domain/errors/domain-error.js';
import type { JsonObject, JsonValue } from '../../../domain/json.js';
import { TemplateFileInvalidError } from '../../../domain/templates/template-file-invalid.error.js';
import { canonicalJson } from '../../../platform/crypto/canonical-json.js';
import { tryNewTemplate, type NewTemplate } from '../template-input.js';
import { isKnown, isMapping, SECTIONS, type Section } from './file-fields.js';
import { splitModel } from './model-string.js';
import { faultAt, type Path, type TemplateFile } from './template-file.js';
import { nameFromFile, slugOf } from './template-name.js';

/** Where in the file each field of a template comes from. */
const ORIGIN: Readonly<Record<string, Path>> = {
  name: ['metadata', 'name'],
  displayName: ['metadata', 'display_name'],
  description: ['metadata', 'description'],
  role: ['metadata', 'role'],
  tags: ['metadata', 'tags'],
  labels: ['metadata', 'labels'],
  tools: ['metadata', 'tools'],
  soul: ['spec', 'soul'],
  aieos_identity: ['spec', 'aieos_identity'],
  systemPrompt: ['spec', 'system_prompt'],
  manifest: ['spec', 'manifest'],
  'config/model': ['metadata', 'model'],
  'config/provider': ['metadata', 'model'],
  'config/skills': ['spec', 'skills'],
  'config/canWriteCode': ['spec', 'can_write_code'],
  'config/mcpServers': ['spec', 'mcp_servers'],
  extensions: [],
};

/**
 * The template that a daemon/v1 file means. A field that is null counts as left out, as real files have it; so does a
 * missing spec, which some models need (no system prompt at all). `fileName` names the template when the file does not.
 * @throws TemplateFileInvalidError with every fault
 */
export function readDaemonV1(file: TemplateFile, fileName: string | null): NewTemplate {
  const { value } = file;
  if (!isMapping(value)) throw new TemplateFileInvalidError([faultAt(file, [], 'must be a mapping')]);
  const faults: Fault[] = [];
  const tell = (path: Path, detail: string): void => {
    faults.push(faultAt(file, path, detail));
  };

  if (value['apiVersion'] !== 'daemon/v1') tell(['apiVersion'], 'must be daemon/v1');
  if (value['kind'] !== 'Agent') tell(['kind'], 'must be Agent');
  if (!isMapping(value['metadata'])) tell(['metadata'], 'must be a mapping');
  const given = value['spec'] ?? {};
  if (!isMapping(given)) tell(['spec'], 'must be a mapping');

  const metadata = section(value['metadata']);
  const spec = section(given);
  const draft = {
    ...nameOf(metadata, fileName, tell),
    ...present('description', metadata['description']),
    ...present('role', metadata['role']),
    ...present('tags', metadata['tags']),
    ...present('labels', metadata['labels']),
    ...present('soul', spec['soul']),
    ...present('aieos_identity', spec['aieos_identity']),
    ...present('systemPrompt', spec['system_prompt']),
    ...present('manifest', spec['manifest']),
    tools: toolsOf(metadata, spec, tell),
    config: {
      ...modelOf(metadata['model'], tell),
      ...present('skills', spec['skills']),
      ...present('canWriteCode', spec['can_write_code']),
      ...present('mcpServers', spec['mcp_servers']),
    },
    extensions: extensionsOf(value),
  };
  const template = tryNewTemplate(draft);
  if ('faults' in template) {
    const told = new Set(faults.map(({ pointer }) => pointer));
    const further = template.faults.map(({ pointer, detail }) => faultAt(file, origin(pointer), detail));
    faults.push(...further.filter(({ pointer }) => !told.has(pointer)));
  }
  if ('faults' in template || faults.length > 0) throw new TemplateFileInvalidError(faults);
  return template;
}

const section = (value: JsonValue | undefined): JsonObject => (isMapping(value) ? value : {});

const present = (field: string, value: JsonValue | undefined): JsonObject =>
  value === undefined || value === null ? {} : { [field]: value };

type Tell = (path: Path, detail: string) => void;

function nameOf(metadata: JsonObject, fileName: string | null, tell: Tell): JsonObject {
  const given = metadata['name'] ?? null;
  if (given !== null && typeof given !== 'string') {
    tell(ORIGIN['name'] ?? [], 'must be a text');
    return {};
  }
  const name = given === null ? nameFromFile(fileName ?? '') : slugOf(given);
  if (name === '') {
    tell(
      ORIGIN['name'] ?? [],
      given === null
        ? 'is missing: name the template here, or send the name of its file as ?filename='
        : 'must have a letter from a to z or a digit in it',
    );
    return {};
  }
  // A name that Muster has to write otherwise is still what people are to see.
  return { name, ...present('displayName', metadata['display_name'] ?? given) };
}

function modelOf(model: JsonValue | undefined, tell: Tell): JsonObject {
  if (model === undefined || model === null) return {};
  if (typeof model === 'string') return splitModel(model);
  tell(['metadata', 'model'], 'must be a text such as anthropic:claude-3-5-sonnet');
  return {};
}

/** metadata.tools, then those of spec.tools that are not among them. */
function toolsOf(metadata: JsonObject, spec: JsonObject, tell: Tell): readonly JsonValue[] {
  const [first = [], second = []] = [
    { path: ['metadata', 'tools'], tools: metadata['tools'] ?? [] },
    { path: ['spec', 'tools'], tools: spec['tools'] ?? [] },
  ].map(({ path, tools }) => {
    if (isList(tools)) return tools;
    tell(path, 'must be a list of tools');
    return [];
  });
  if (second.length === 0) return first;
  const known = new Set(first.map(canonicalJson));
  return [...first, ...second.filter((tool) => !known.has(canonicalJson(tool)))];
}

const isList = (value: JsonValue): value is readonly JsonValue[] => Array.isArray(value);

/** All that the file says beyond what Muster understands, at its place. */
function extensionsOf(value: JsonObject): JsonObject {
  const top = Object.entries(value).filter(
    ([key]) => key !== 'apiVersion' && key !== 'kind' && !(SECTIONS as string[]).includes(key),
  );
  const inSections = SECTIONS.map((name: Section): [string, JsonObject] => [
    name,
    Object.fromEntries(Object.entries(section(value[name])).filter(([field]) => !isKnown(name, field))),
  ]).filter(([, fields]) => Object.keys(fields).length > 0);
  return Object.fromEntries<JsonValue>([...inSections, ...top]);
}

/** The place in the file of a place in a template. */
function origin(pointer: string): Path {
  const path = pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const field = path[0] === 'config' ? path.slice(0, 2).join('/') : (path[0] ?? '');
  const from = ORIGIN[field];
  return from === undefined ? path : [...from, ...path.slice(field.split('/').length)];
}
