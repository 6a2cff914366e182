import { ValidationFailedError } from '../../domain/errors/validation-failed.error.js';
import { jsonFaults } from '../../domain/json-faults.js';
import type { JsonValue } from '../../domain/json.js';
import { mergePatch } from '../../domain/merge-patch.js';
import { JSON_MAX_DEPTH } from '../../domain/templates/limits.js';
import type { Template, TemplateContent } from '../../domain/templates/template.js';
import { isMapping } from './daemon-v1/file-fields.js';
import { readContent } from './template-input.js';

/**
 * What a PATCH makes of a version: application/merge-patch+json merges (RFC 7396, null takes a field back to its
 * default), application/json replaces each given field.
 * @throws ValidationFailedError when the body is no JSON object; the change itself throws it for faults of the result
 */
export function contentPatch(contentType: string | undefined, body: unknown): (current: Template) => TemplateContent {
  if (!isMapping(body)) throw new ValidationFailedError([{ pointer: '', detail: 'must be a JSON object' }]);
  const unfit = jsonFaults(body, JSON_MAX_DEPTH);
  if (unfit.length > 0) throw new ValidationFailedError(unfit);
  const merges = contentType?.toLowerCase().startsWith('application/merge-patch+json') ?? false;
  return ({ name, content }) =>
    readContent(name, merges ? mergePatch(asJson({ ...content }), body) : { ...content, ...body });
}

/** Content is JSON but for its types, which name their members. */
const asJson = (content: object): JsonValue => content as JsonValue;
