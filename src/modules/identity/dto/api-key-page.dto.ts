import { ApiProperty } from '@nestjs/swagger';
import type { ApiKey } from '../../../domain/identity/api-key.js';
import type { Page } from '../../../domain/page.js';
import { ApiKeyDto, toApiKeyDto } from './api-key.dto.js';

export class ApiKeyPageDto {
  @ApiProperty({ type: [ApiKeyDto] })
  readonly items!: readonly ApiKeyDto[];

  @ApiProperty({ type: String, nullable: true, example: null })
  readonly nextCursor!: string | null;
}

export const toApiKeyPageDto = ({ items, nextCursor }: Page<ApiKey>): ApiKeyPageDto => ({
  items: items.map(toApiKeyDto),
  nextCursor,
});
