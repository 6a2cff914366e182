import type { SecretGiven, SecretsRequest } from '../protocol.js';
import { faultsOf, isRecord, list, refuseFaults, type Check } from './faults.js';

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const looksLike =
  (pattern: RegExp, rule: string): Check =>
  (value) =>
    typeof value === 'string' && pattern.test(value) ? undefined : rule;

const FIELDS = {
  name: looksLike(NAME, "must be a variable's name"),
  value: looksLike(BASE64, 'must be base64'),
} as const satisfies Record<keyof SecretGiven, Check>;

/** @throws AgentError VALIDATION_FAILED, which quotes no value */
export function validateSecretsRequest(body: unknown): SecretsRequest {
  const given: unknown = isRecord(body) ? body['secrets'] : undefined;
  refuseFaults([
    ...faultsOf(body, { secrets: list }),
    ...(Array.isArray(given) ? given.flatMap((item, index) => faultsOf(item, FIELDS, `/secrets/${index}`)) : []),
  ]);
  return body as SecretsRequest;
}
