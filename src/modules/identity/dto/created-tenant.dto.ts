import { ApiProperty } from '@nestjs/swagger';
import { IssuedKeyDto } from './issued-key.dto.js';

/** A new tenant and its first admin key. */
export class CreatedTenantDto {
  @ApiProperty({ example: '66f2a1c09b1e8a4d3c5f7a01' })
  readonly id!: string;

  @ApiProperty({ example: 'research' })
  readonly name!: string;

  @ApiProperty({ type: String, format: 'date-time', example: '2026-03-01T09:30:00.000Z' })
  readonly createdAt!: Date;

  @ApiProperty({ type: IssuedKeyDto })
  readonly adminKey!: IssuedKeyDto;
}
