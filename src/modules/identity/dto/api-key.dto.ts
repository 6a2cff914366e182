import { ApiProperty } from '@nestjs/swagger';
import type { ApiKey } from '../../../domain/identity/api-key.js';
import { ROLES, type Role } from '../../../domain/identity/permissions.js';

/** An API key as it is shown; its text is not among it. */
export class ApiKeyDto {
  @ApiProperty({ example: '66f2a1c09b1e8a4d3c5f7a10' })
  readonly id!: string;

  @ApiProperty({ example: 'deploy pipeline' })
  readonly name!: string;

  @ApiProperty({ enum: Object.keys(ROLES), example: 'operator' })
  readonly role!: Role;

  @ApiProperty({ type: String, format: 'date-time', example: '2026-03-01T09:30:00.000Z' })
  readonly createdAt!: Date;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: null })
  readonly expiresAt!: Date | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: null })
  readonly revokedAt!: Date | null;
}

export function toApiKeyDto({ id, name, role, createdAt, expiresAt, revokedAt }: ApiKey): ApiKeyDto {
  return { id, name, role, createdAt, expiresAt, revokedAt };
}
