import { ApiProperty } from '@nestjs/swagger';
import type { ApiKey } from '../../../domain/identity/api-key.js';
import { ApiKeyDto, toApiKeyDto } from './api-key.dto.js';

/** A new API key, with its text: the only answer that ever holds it. */
export class IssuedKeyDto extends ApiKeyDto {
  @ApiProperty({
    description: 'The key itself, shown this once.',
    example: 'muster_66f2a1c09b1e8a4d3c5f7a01_66f2a1c09b1e8a4d3c5f7a10_kM8…',
  })
  readonly key!: string;
}

export const toIssuedKeyDto = (apiKey: ApiKey, key: string): IssuedKeyDto =>
  Object.assign(toApiKeyDto(apiKey), { key });
