import type { JsonObject } from '../json.js';
import { SPAWN_PROFILES } from '../projects/spawn.js';
import { RULE_KEYWORD } from '../templates/manifest-schema.js';
import { SIGNED_MANIFEST_TYPE } from './signed-manifest.js';

const text = (maxLength: number): JsonObject => ({ type: 'string', minLength: 1, maxLength });
const fitting = (pattern: string, rule: string): JsonObject => ({ type: 'string', pattern, [RULE_KEYWORD]: rule });
const closed = (properties: JsonObject, required: readonly string[]): JsonObject => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});

const TIME = fitting(
  '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,9})?Z$',
  'must be a time in UTC, such as 2027-01-01T00:00:00Z',
);

/** JSON Schema (2020-12) of a signed manifest. */
export const SIGNED_MANIFEST_SCHEMA: JsonObject = closed(
  {
    manifest: closed(
      {
        type: { type: 'string', enum: [SIGNED_MANIFEST_TYPE] },
        keyId: text(200),
        issuedAt: TIME,
        expiresAt: TIME,
        nonce: fitting('^[\\x21-\\x7e]{8,200}$', 'must be 8 to 200 visible ASCII characters'),
        tenantId: fitting('^[0-9a-f]{24}$', 'must be an id: 24 lower-case hex digits'),
        name: text(200),
        profile: { type: 'string', enum: SPAWN_PROFILES },
        template: closed(
          {
            name: text(63),
            version: { type: 'integer', minimum: 1 },
            digest: fitting('^[0-9a-f]{64}$', 'must be a SHA-256 in lower-case hex'),
          },
          ['name', 'version', 'digest'],
        ),
        image: text(500),
        project: text(40),
        metadata: { type: 'object' },
      },
      ['type', 'keyId', 'issuedAt', 'expiresAt', 'nonce', 'tenantId', 'name', 'profile', 'template'],
    ),
    signature: fitting('^[A-Za-z0-9_-]{86}$', 'must be an Ed25519 signature: 64 bytes as base64url without padding'),
  },
  ['manifest', 'signature'],
);
