import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import type { Fault } from '../../domain/errors/domain-error.js';
import { pointerTo } from '../../domain/json-pointer.js';
import type { JsonObject } from '../../domain/json.js';
import { RULE_KEYWORD } from '../../domain/templates/manifest-schema.js';

/** More are not told: whoever has fifty faults has one. */
const MOST_FAULTS = 50;

const ajv = new Ajv2020({ allErrors: true, discriminator: true, strict: true, strictRequired: false, verbose: true });
ajv.addVocabulary([RULE_KEYWORD]);

const compiled = new WeakMap<JsonObject, ValidateFunction>();

/** What keeps a value from fitting a JSON Schema (2020-12): every fault at once, in plain words. */
export function schemaFaults(schema: JsonObject, value: unknown): readonly Fault[] {
  let validate = compiled.get(schema);
  if (validate === undefined) {
    validate = ajv.compile(schema);
    compiled.set(schema, validate);
  }
  if (validate(value)) return [];
  return (validate.errors ?? [])
    .filter(({ keyword }) => keyword !== 'oneOf')
    .slice(0, MOST_FAULTS)
    .map(toFault);
}

function toFault(error: ErrorObject): Fault {
  const { additionalProperty, missingProperty, tag } = error.params as Record<string, string | undefined>;
  const member = additionalProperty ?? missingProperty ?? (error.keyword === 'discriminator' ? tag : undefined);
  return {
    pointer: `${error.instancePath}${member === undefined ? '' : pointerTo([member])}`,
    detail: DETAILS[error.keyword]?.(error) ?? `does not fit: ${error.keyword}`,
  };
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'must be a text',
  integer: 'must be a whole number',
  number: 'must be a number',
  boolean: 'must be true or false',
  array: 'must be a list',
  object: 'must be an object',
};

type Detail = (error: ErrorObject) => string;

const param = ({ params }: ErrorObject, name: string): string => String((params as Record<string, unknown>)[name]);

const DETAILS: Readonly<Record<string, Detail>> = {
  type: (error) => TYPES[param(error, 'type')] ?? 'is of the wrong type',
  additionalProperties: () => 'is not a known property',
  required: () => 'is missing',
  enum: (error) => choice((error.params as { allowedValues: readonly string[] }).allowedValues),
  minimum: bounds,
  maximum: bounds,
  minLength: () => 'must not be empty',
  maxLength: (error) => `must be at most ${param(error, 'limit')} characters long`,
  minItems: (error) => `must hold at least ${param(error, 'limit')}`,
  maxItems: (error) => `must hold at most ${param(error, 'limit')}`,
  pattern: (error) => (error.parentSchema as { [RULE_KEYWORD]?: string })[RULE_KEYWORD] ?? 'must fit a pattern',
  discriminator: (error) => choice(tagsOf(error)),
};

function choice(values: readonly string[]): string {
  const last = values.at(-1) ?? '';
  return values.length < 2 ? `must be ${last}` : `must be ${values.slice(0, -1).join(', ')} or ${last}`;
}

function bounds({ parentSchema }: ErrorObject): string {
  const { minimum, maximum } = parentSchema as { minimum?: number; maximum?: number };
  return minimum === undefined || maximum === undefined
    ? `must be ${minimum === undefined ? `at most ${maximum}` : `at least ${minimum}`}`
    : `must be from ${minimum} to ${maximum}`;
}

/** The values by which the shapes of a oneOf are told apart. */
function tagsOf({ parentSchema, params }: ErrorObject): readonly string[] {
  const { tag } = params as { tag: string };
  const { oneOf } = parentSchema as { oneOf: readonly { properties: Record<string, { enum: readonly string[] }> }[] };
  return oneOf.flatMap(({ properties }) => properties[tag]?.enum ?? []);
}
