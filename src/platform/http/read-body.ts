import { validateSync } from 'class-validator';
import type { Fault } from '../../domain/errors/domain-error.js';
import { jsonFaults } from '../../domain/json-faults.js';
import { pointerTo } from '../../domain/json-pointer.js';
import { JSON_MAX_DEPTH } from '../../domain/templates/limits.js';
import { faultsOf } from './faults.js';

/** A class with class-validator's rules. */
export interface DtoClass<T extends object = object> {
  new (): T;
  /** The properties that are such classes themselves, or lists of them. */
  readonly nested?: Readonly<Record<string, DtoClass>>;
  /** The properties that have a check of their own instead of decorators; pointers are relative to the property. */
  readonly checked?: Readonly<Record<string, (value: unknown) => readonly Fault[]>>;
  /** No body at all is an empty one. @default false */
  readonly mayBeMissing?: boolean;
}

export type Reading<T> = { readonly value: T } | { readonly faults: readonly Fault[] };

/** How deep a body may be nested: a few levels above the free documents in it. */
export const BODY_MAX_DEPTH = JSON_MAX_DEPTH + 4;

/**
 * Checks a body, which may have free JSON in it. Not by class-transformer, which walks through every object, however
 * deep, drops members named `constructor`, and fails over them: here documents are taken as they are, and nothing walks
 * through them before their depth is known.
 */
export function readBody<T extends object>(dto: DtoClass<T>, sent: unknown): Reading<T> {
  const body = sent === undefined && dto.mayBeMissing === true ? {} : sent;
  if (!isObject(body)) return { faults: [{ pointer: '', detail: 'must be a JSON object' }] };
  const unfit = jsonFaults(body, BODY_MAX_DEPTH);
  if (unfit.length > 0) return { faults: unfit };
  const faults: Fault[] = [];
  const value = fill(dto, body, [], faults);
  faults.push(...faultsOf(validateSync(value, { whitelist: true, forbidNonWhitelisted: true })));
  return faults.length > 0 ? { faults } : { value };
}

function fill<T extends object>(dto: DtoClass<T>, body: object, path: readonly string[], faults: Fault[]): T {
  const value = new dto();
  for (const [key, member] of Object.entries(body)) {
    // class-validator and this language ask the instance for these: constructor, toString and so on
    if (key in Object.prototype) faults.push({ pointer: pointerTo([...path, key]), detail: 'is not a known property' });
    else {
      Reflect.set(value, key, fillMember(dto.nested?.[key], member, [...path, key], faults));
      const own = dto.checked?.[key]?.(member) ?? [];
      faults.push(...own.map(({ pointer, detail }) => ({ pointer: pointerTo([...path, key]) + pointer, detail })));
    }
  }
  return value;
}

function fillMember(dto: DtoClass | undefined, member: unknown, path: readonly string[], faults: Fault[]): unknown {
  if (dto === undefined) return member;
  if (Array.isArray(member)) {
    return member.map((item: unknown, index) => fillMember(dto, item, [...path, String(index)], faults));
  }
  return isObject(member) ? fill(dto, member, path, faults) : member;
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
