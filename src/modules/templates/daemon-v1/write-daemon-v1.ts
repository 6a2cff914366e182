import { Document, isScalar, visit } from 'yaml';
import { DomainError } from '../../../domain/errors/domain-error.js';
import type { JsonObject } from '../../../domain/json.js';
import { TemplateFileInvalidError } from '../../../domain/templates/template-file-invalid.error.js';
import { digestOf } from '../../../platform/crypto/digest.js';
import type { NewTemplate } from '../template-input.js';
import { isMapping } from './file-fields.js';
import { joinModel } from './model-string.js';
import { readDaemonV1 } from './read-daemon-v1.js';
import { readYaml } from './safe-yaml.js';

/**
 * A daemon/v1 file that reads as this template again.
 * @throws DomainError EXPORT_NOT_POSSIBLE when there is none
 */
export function writeDaemonV1(template: NewTemplate): string {
  const text = layOut(contentsOf(template));
  if (!readsAs(template, text)) {
    throw impossible(
      template.name,
      'The template holds something that a daemon/v1 file would not give back unchanged.',
    );
  }
  return text;
}

function readsAs(template: NewTemplate, text: string): boolean {
  try {
    const { name, content } = readDaemonV1(readYaml(text), null);
    return digestOf({ name, ...content }) === digestOf({ name: template.name, ...template.content });
  } catch (error) {
    if (error instanceof TemplateFileInvalidError) return false;
    throw error;
  }
}

const impossible = (name: string, reason: string): DomainError =>
  new DomainError('EXPORT_NOT_POSSIBLE', reason, { details: { name, format: 'daemon-v1' } });

function contentsOf({ name, content }: NewTemplate): JsonObject {
  const model = joinModel(content.config);
  if (model === null) {
    throw impossible(
      name,
      'daemon/v1 writes provider and model as one text, split at its first colon. This template has a colon in its ' +
        'model and no provider: give it a provider.',
    );
  }
  const { metadata, spec, ...top } = content.extensions;
  return {
    apiVersion: 'daemon/v1',
    kind: 'Agent',
    metadata: {
      name,
      ...(content.displayName === name ? {} : { display_name: content.displayName }),
      ...unlessEmpty('description', content.description),
      ...unlessEmpty('role', content.role),
      ...unlessEmpty('model', model),
      ...unlessEmpty('tools', content.tools),
      ...unlessEmpty('labels', content.labels),
      ...unlessEmpty('tags', content.tags),
      ...(isMapping(metadata) ? metadata : {}),
    },
    spec: {
      system_prompt: content.systemPrompt,
      ...unlessEmpty('soul', content.soul),
      ...(content.aieos_identity === null ? {} : { aieos_identity: content.aieos_identity }),
      ...unlessEmpty('skills', content.config.skills),
      ...(content.config.canWriteCode ? { can_write_code: true } : {}),
      ...unlessEmpty('mcp_servers', content.config.mcpServers),
      ...(Object.keys(content.manifest).length === 0 ? {} : { manifest: { ...content.manifest } as JsonObject }),
      ...(isMapping(spec) ? spec : {}),
    },
    ...top,
  };
}

const unlessEmpty = (field: string, value: string | readonly unknown[]): JsonObject =>
  value.length === 0 ? {} : ({ [field]: value } as JsonObject);

function layOut(contents: JsonObject): string {
  const document = new Document(contents, { schema: 'core', aliasDuplicateObjects: false });
  visit(document, {
    Scalar(key, node) {
      if (typeof node.value !== 'string') return;
      // A line break that is not "\n" would be read as one, and "<<" as a merge.
      if (/[\r\u0085\u2028\u2029]/.test(node.value)) node.type = 'QUOTE_DOUBLE';
      else if (key === 'key' && node.value === '<<' && isScalar(node)) node.type = 'QUOTE_DOUBLE';
      else if (node.value.includes('\n') && key !== 'key') node.type = 'BLOCK_LITERAL';
    },
  });
  return document.toString({ lineWidth: 0, blockQuote: 'literal' });
}
