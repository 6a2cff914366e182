import type { Fault } from '../../domain/errors/domain-error.js';
import { ValidationFailedError } from '../../domain/errors/validation-failed.error.js';
import type { TemplateContent } from '../../domain/templates/template.js';
import { readBody } from '../../platform/http/read-body.js';
import { CreateTemplateDto } from './dto/create-template.dto.js';
import { ReplaceTemplateDto } from './dto/replace-template.dto.js';
import { toContent } from './template-content.js';

export interface NewTemplate {
  readonly name: string;
  readonly content: TemplateContent;
}

/** A new template as a body says it, or every fault of it. */
export function tryNewTemplate(body: unknown): NewTemplate | { readonly faults: readonly Fault[] } {
  const reading = readBody(CreateTemplateDto, body);
  if ('faults' in reading) return reading;
  const { value } = reading;
  return { name: value.name, content: toContent(value.name, value) };
}

/** @throws ValidationFailedError with every fault */
export function readNewTemplate(body: unknown): NewTemplate {
  const template = tryNewTemplate(body);
  if ('faults' in template) throw new ValidationFailedError(template.faults);
  return template;
}

/**
 * The content that a body says in full: what it leaves out takes its default.
 * @throws ValidationFailedError with every fault; also when it names the template otherwise than `name`
 */
export function readContent(name: string, body: unknown): TemplateContent {
  const reading = readBody(ReplaceTemplateDto, body);
  if ('faults' in reading) throw new ValidationFailedError(reading.faults);
  const { value } = reading;
  if (value.name !== undefined && value.name !== name) {
    throw new ValidationFailedError([
      { pointer: '/name', detail: `must be "${name}": a template's name never changes. Create another template` },
    ]);
  }
  return toContent(name, value);
}
