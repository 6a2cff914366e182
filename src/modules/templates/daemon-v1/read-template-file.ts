import { DomainError } from '../../../domain/errors/domain-error.js';
import type { JsonValue } from '../../../domain/json.js';
import { JSON_MAX_DEPTH, TEMPLATE_FILE_MAX_BYTES } from '../../../domain/templates/limits.js';
import { TemplateFileInvalidError } from '../../../domain/templates/template-file-invalid.error.js';
import { jsonFaults } from '../../../domain/json-faults.js';
import type { NewTemplate } from '../template-input.js';
import { readYaml } from './safe-yaml.js';
import { jsonFile, type TemplateFile } from './template-file.js';

/** A file has two levels above the documents in it. */
const FILE_MAX_DEPTH = JSON_MAX_DEPTH + 2;

/**
 * The template in a file.
 * @param body the file's text, or what it says when it came as JSON (which YAML holds in it)
 * @param read understands what it says
 * @throws TemplateFileInvalidError with every fault; DomainError BODY_TOO_LARGE
 */
export function readTemplateFile(
  body: unknown,
  fileName: string | null,
  read: (file: TemplateFile, fileName: string | null) => NewTemplate,
): NewTemplate {
  if (typeof body === 'string') {
    if (Buffer.byteLength(body, 'utf8') > TEMPLATE_FILE_MAX_BYTES) {
      throw new DomainError('BODY_TOO_LARGE', `A template file may be ${TEMPLATE_FILE_MAX_BYTES} bytes long at most.`);
    }
    return read(readYaml(body), fileName);
  }
  const unfit = jsonFaults(body, FILE_MAX_DEPTH);
  if (unfit.length > 0) throw new TemplateFileInvalidError(unfit);
  return read(jsonFile(body as JsonValue), fileName);
}
