import type { ConfigureRequest } from '../protocol.js';
import {
  anyText,
  depthFaults,
  faultsOf,
  flag,
  isRecord,
  list,
  objectOrNull,
  refuseFaults,
  sha256Hex,
  text,
} from './faults.js';

const NAME = text({ max: 500 });
const ID = text({ min: 1, max: 500 });

const CONFIG_FIELDS = {
  model: NAME,
  provider: NAME,
  skills: anyText,
  canWriteCode: flag,
  mcpServers: list,
} as const satisfies Record<keyof ConfigureRequest['config'], unknown>;

const FIELDS = {
  instanceId: ID,
  identifier: ID,
  displayName: NAME,
  role: NAME,
  soul: anyText,
  aieos_identity: objectOrNull,
  systemPrompt: anyText,
  tools: list,
  config: (value: unknown) => (isRecord(value) ? undefined : 'must be an object'),
  digest: sha256Hex,
} as const satisfies Record<keyof ConfigureRequest, unknown>;

/** @throws AgentError VALIDATION_FAILED */
export function validateConfigureRequest(body: unknown): ConfigureRequest {
  const config = isRecord(body) ? body['config'] : undefined;
  refuseFaults([
    ...faultsOf(body, FIELDS),
    ...(isRecord(config) ? faultsOf(config, CONFIG_FIELDS, '/config') : []),
    ...depthFaults(body),
  ]);
  return body as ConfigureRequest;
}
