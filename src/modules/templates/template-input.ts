import { plainToInstance, type ClassConstructor } from 'class-transformer';
import { validateSync } from 'class-validator';
import type { Fault } from '../../domain/errors/domain-error.js';
import { ValidationFailedError } from '../../domain/errors/validation-failed.error.js';
import { jsonFaults } from '../../domain/json-faults.js';
import { JSON_MAX_DEPTH } from '../../domain/templates/limits.js';
import type { TemplateContent } from '../../domain/templates/template.js';
import { faultsOf } from '../../platform/http/faults.js';
import { CreateTemplateDto } from './dto/create-template.dto.js';
import { ReplaceTemplateDto } from './dto/replace-template.dto.js';
import { toContent } from './template-content.js';

/** A body has a few levels above the documents in it. */
const BODY_MAX_DEPTH = JSON_MAX_DEPTH + 4;

export interface NewTemplate {
  readonly name: string;
  readonly content: TemplateContent;
}

/** @throws ValidationFailedError with every fault */
export function readNewTemplate(body: unknown): NewTemplate {
  const { value, faults } = check(CreateTemplateDto, body);
  if (faults.length > 0) throw new ValidationFailedError(faults);
  return { name: value.name, content: toContent(value.name, value) };
}

/**
 * The content that a body says in full: what it leaves out takes its default.
 * @throws ValidationFailedError with every fault; also when it names the template otherwise than `name`
 */
export function readContent(name: string, body: unknown): TemplateContent {
  const { value, faults } = check(ReplaceTemplateDto, body);
  const renamed = faults.length === 0 && value.name !== undefined && value.name !== name;
  const all = renamed
    ? [{ pointer: '/name', detail: `must be "${name}": a template's name never changes. Create another template` }]
    : faults;
  if (all.length > 0) throw new ValidationFailedError(all);
  return toContent(name, value);
}

/** The faults of what would be a new template. */
export const faultsOfNewTemplate = (body: unknown): readonly Fault[] => check(CreateTemplateDto, body).faults;

/**
 * Bodies of templates are checked here and not by the InputPipe, because a patch is checked after it was applied, and
 * because nothing may walk through a document before its depth is known.
 */
function check<T extends object>(dto: ClassConstructor<T>, body: unknown): { value: T; faults: readonly Fault[] } {
  const unfit = isObject(body) ? jsonFaults(body, BODY_MAX_DEPTH) : [{ pointer: '', detail: 'must be a JSON object' }];
  const value = plainToInstance(dto, unfit.length === 0 ? body : {});
  if (unfit.length > 0) return { value, faults: unfit };
  return { value, faults: faultsOf(validateSync(value, { whitelist: true, forbidNonWhitelisted: true })) };
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
