import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, Length } from 'class-validator';
import { ROLES, type Role } from '../../../domain/identity/permissions.js';
import { IsTime } from '../../../platform/http/is-time.decorator.js';

export class CreateApiKeyDto {
  @ApiProperty({ minLength: 1, maxLength: 100, example: 'deploy pipeline' })
  @IsString()
  @Length(1, 100)
  readonly name!: string;

  @ApiProperty({ enum: Object.keys(ROLES), example: 'operator' })
  @IsIn(Object.keys(ROLES), { message: `must be one of ${Object.keys(ROLES).join(', ')}` })
  readonly role!: Role;

  @ApiPropertyOptional({ type: String, format: 'date-time', example: '2027-01-01T00:00:00.000Z' })
  @IsOptional()
  @IsTime({ future: true })
  readonly expiresAt?: string | null;
}
