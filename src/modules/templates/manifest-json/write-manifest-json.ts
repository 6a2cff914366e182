import { DomainError } from '../../../domain/errors/domain-error.js';
import type { JsonObject, JsonValue } from '../../../domain/json.js';
import { TemplateFileInvalidError } from '../../../domain/templates/template-file-invalid.error.js';
import { digestOf } from '../../../platform/crypto/digest.js';
import { isMapping } from '../daemon-v1/file-fields.js';
import { jsonFile } from '../daemon-v1/template-file.js';
import type { NewTemplate } from '../template-input.js';
import { EXTENSION, isRepoName, MUSTER, MUSTER_FIELDS, readManifestJson } from './read-manifest-json.js';

/** As a template is that says nothing of it. */
const DEFAULTS: Readonly<Record<string, JsonValue>> = {
  role: '',
  tags: [],
  labels: [],
  soul: '',
  aieos_identity: null,
  systemPrompt: '',
  tools: [],
  config: { model: '', provider: '', skills: '', canWriteCode: false, mcpServers: [] },
  extensions: {},
};

/**
 * A manifest.json that reads as this template again.
 * @throws DomainError EXPORT_NOT_POSSIBLE when there is none
 */
export function writeManifestJson(template: NewTemplate): string {
  const text = `${JSON.stringify(contentsOf(template), null, 2)}\n`;
  if (readsAs(template, text)) return text;
  throw new DomainError(
    'EXPORT_NOT_POSSIBLE',
    'The template holds something that a manifest.json would not give back unchanged.',
    { details: { name: template.name, format: 'manifest-json' } },
  );
}

function contentsOf({ name, content }: NewTemplate): JsonObject {
  const { [EXTENSION]: unknown, ...extensions } = content.extensions;
  const values: Readonly<Record<string, unknown>> = { ...content, extensions };
  const isDefault = (field: string): boolean =>
    JSON.stringify(values[field]) === JSON.stringify(field === 'displayName' ? name : DEFAULTS[field]);
  const beside = MUSTER_FIELDS.filter((field) => !isDefault(field)).map((field) => [field, values[field]] as const);
  return {
    name,
    ...(content.description === '' ? {} : { description: content.description }),
    ...({ ...content.manifest } as JsonObject),
    ...(beside.length === 0 ? {} : { [MUSTER]: Object.fromEntries(beside) as JsonObject }),
    ...(isMapping(unknown) ? unknown : {}),
  };
}

function readsAs(template: NewTemplate, text: string): boolean {
  try {
    const { name, content } = readManifestJson(jsonFile(JSON.parse(text) as JsonValue), null);
    return digestOf({ name, ...content }) === digestOf({ name: template.name, ...asReadToday(template.content) });
  } catch (error) {
    if (error instanceof TemplateFileInvalidError) return false;
    throw error;
  }
}

/** A template that was read before a manifest had a repoName has it among what was not understood. */
function asReadToday(content: NewTemplate['content']): NewTemplate['content'] {
  const { [EXTENSION]: unknown, ...extensions } = content.extensions;
  if (!isMapping(unknown) || !isRepoName(unknown['repoName']) || content.manifest.repoName !== undefined)
    return content;
  const { repoName, ...rest } = unknown;
  return {
    ...content,
    manifest: { ...content.manifest, repoName },
    extensions: { ...extensions, ...(Object.keys(rest).length === 0 ? {} : { [EXTENSION]: rest }) },
  };
}
