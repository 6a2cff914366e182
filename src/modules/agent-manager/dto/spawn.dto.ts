import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsObject, ValidateNested } from 'class-validator';
import { IsJsonObject } from '../../../platform/http/is-json-object.decorator.js';
import { MayBeLeftOut } from '../../../platform/http/may-be-left-out.decorator.js';
import type { SpawnRequest } from '../spawn-request.js';
import { AgentConfigInputDto } from './agent-config-input.dto.js';

const MANIFEST_MAX_BYTES = 64 * 1024;
const MANIFEST_MAX_DEPTH = 24;

export class SpawnDto {
  static readonly nested = { agent_config: AgentConfigInputDto };

  @ApiProperty({ type: AgentConfigInputDto })
  @IsObject({ message: 'must be an object' })
  @ValidateNested()
  readonly agent_config!: AgentConfigInputDto;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    example: {
      manifest: {
        type: 'muster/agent-manifest/v1',
        keyId: 'kernel-1',
        issuedAt: '2026-01-31T12:00:00Z',
        expiresAt: '2026-01-31T13:00:00Z',
        nonce: 'f4b0c2d1a9',
        tenantId: '66f2a1c09b1e8a4d3c5f7a10',
        name: 'demo',
        profile: 'illuvrse',
        template: {
          name: 'reviewer',
          version: 3,
          digest: '2d70999ae1805e4bcef9b4ab3a4b827f578c61740f30076fcdc35c7ae7f586b3',
        },
      },
      signature: 'Ed25519 over the canonical JSON of manifest, base64url',
    },
    description: 'One that is given has to be valid, whatever the profile',
  })
  @MayBeLeftOut()
  @IsJsonObject({ maxBytes: MANIFEST_MAX_BYTES, maxDepth: MANIFEST_MAX_DEPTH })
  readonly signed_manifest?: object;

  toRequest(idempotencyKey: string | undefined): SpawnRequest {
    const { name, profile, template, project, metadata } = this.agent_config;
    return {
      name,
      profile,
      metadata: metadata ?? {},
      ...(template === undefined ? {} : { template }),
      ...(project === undefined ? {} : { project }),
      ...(this.signed_manifest === undefined ? {} : { signedManifest: this.signed_manifest }),
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    };
  }
}
