import { AgentError } from '../errors.js';

/** Deep enough for any document; shallow enough that no later walk over it runs out of stack. */
const MAX_DEPTH = 100;

type JsonRecord = Readonly<Record<string, unknown>>;

/** Looks at a field; says what is wrong with it, or undefined. */
export type Check = (value: unknown) => string | undefined;

export const text =
  (limits: { min?: number; max: number }): Check =>
  (value) => {
    if (typeof value !== 'string') return 'must be a string';
    if (value.length < (limits.min ?? 0)) return 'must not be empty';
    return value.length > limits.max ? `must have at most ${limits.max} characters` : undefined;
  };
export const anyText: Check = (value) => (typeof value === 'string' ? undefined : 'must be a string');
export const flag: Check = (value) => (typeof value === 'boolean' ? undefined : 'must be true or false');
export const list: Check = (value) => (Array.isArray(value) ? undefined : 'must be an array');
export const objectOrNull: Check = (value) =>
  value === null || isRecord(value) ? undefined : 'must be an object or null';
export const sha256Hex: Check = (value) =>
  typeof value === 'string' && /^[0-9a-f]{64}$/.test(value) ? undefined : 'must be 64 lower-case hex digits';
export const wholeNumber =
  (limits: { min: number; max: number }): Check =>
  (value) =>
    typeof value === 'number' && Number.isInteger(value) && value >= limits.min && value <= limits.max
      ? undefined
      : `must be a whole number from ${limits.min} to ${limits.max}`;
export const oneOf =
  (...allowed: readonly string[]): Check =>
  (value) =>
    typeof value === 'string' && allowed.includes(value) ? undefined : `must be ${allowed.join(' or ')}`;

/** Every fault of an object that must have exactly these fields, each as "/pointer what is wrong". */
export function faultsOf(value: unknown, checks: Readonly<Record<string, Check>>, pointer = ''): string[] {
  if (!isRecord(value)) return [`${pointer || 'the body'} must be an object`];
  const faults = Object.entries(checks).flatMap(([name, check]) => {
    if (!Object.hasOwn(value, name)) return [`${pointer}/${name} is missing`];
    const fault = check(value[name]);
    return fault === undefined ? [] : [`${pointer}/${name} ${fault}`];
  });
  const unknown = Object.keys(value).filter((name) => !Object.hasOwn(checks, name));
  return [...faults, ...unknown.map((name) => `${pointer}/${shown(name)} is unknown`)];
}

/** @throws AgentError VALIDATION_FAILED with all faults in one message */
export function refuseFaults(faults: readonly string[]): void {
  if (faults.length === 0) return;
  const MOST = 50;
  const more = faults.length > MOST ? ` (and ${faults.length - MOST} more)` : '';
  throw new AgentError('VALIDATION_FAILED', `The request has faults: ${faults.slice(0, MOST).join('; ')}${more}.`);
}

export function depthFaults(value: unknown): string[] {
  let level: unknown[] = [value];
  for (let depth = 0; depth <= MAX_DEPTH; depth++) {
    level = level.flatMap((item) =>
      typeof item === 'object' && item !== null ? (Object.values(item) as unknown[]) : [],
    );
    if (level.length === 0) return [];
  }
  return [`the body must not be nested deeper than ${MAX_DEPTH} levels`];
}

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A field's name as the sender wrote it, but never longer than a line, and as a JSON Pointer's token. */
function shown(name: string): string {
  const token = name.replaceAll('~', '~0').replaceAll('/', '~1');
  return token.length > 60 ? `${token.slice(0, 60)}…` : token;
}
