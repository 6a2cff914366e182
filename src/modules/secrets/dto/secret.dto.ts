import { ApiProperty } from '@nestjs/swagger';
import type { Page } from '../../../domain/page.js';
import type { Secret } from '../../../domain/secrets/secret.js';
import { ActorDto } from '../../../platform/http/actor.dto.js';

/** A secret, without its value: no answer has that. */
export class SecretDto {
  @ApiProperty({ example: '66f2a1c09b1e8a4d3c5f7a15' })
  readonly id!: string;

  @ApiProperty({ example: 'registry.token' })
  readonly name!: string;

  @ApiProperty({ type: String, nullable: true, example: null, description: 'null: for all projects of the tenant' })
  readonly projectId!: string | null;

  @ApiProperty({ example: 3, description: 'Raised by every new value; never given twice' })
  readonly version!: number;

  @ApiProperty({ type: Date, example: '2026-01-31T12:00:00.000Z' })
  readonly createdAt!: Date;

  @ApiProperty({ type: ActorDto })
  readonly createdBy!: ActorDto;

  @ApiProperty({ type: Date, example: '2026-01-31T12:00:00.000Z' })
  readonly updatedAt!: Date;

  @ApiProperty({ type: ActorDto })
  readonly updatedBy!: ActorDto;
}

export class SecretListDto {
  @ApiProperty({ type: [SecretDto] })
  readonly items!: readonly SecretDto[];

  @ApiProperty({ type: String, nullable: true, example: null })
  readonly nextCursor!: string | null;
}

export const toSecretDto = (secret: Secret): SecretDto => ({
  id: secret.id,
  name: secret.name,
  projectId: secret.projectId,
  version: secret.version,
  createdAt: secret.createdAt,
  createdBy: secret.createdBy,
  updatedAt: secret.updatedAt,
  updatedBy: secret.updatedBy,
});

export const toSecretListDto = ({ items, nextCursor }: Page<Secret>): SecretListDto => ({
  items: items.map(toSecretDto),
  nextCursor,
});
