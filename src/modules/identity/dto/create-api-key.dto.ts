import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsDate, IsIn, IsOptional, IsString, Length, MinDate } from 'class-validator';
import { ROLES, type Role } from '../../../domain/identity/permissions.js';

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
  @Type(() => Date)
  @IsDate({ message: 'must be a time in ISO 8601' })
  @MinDate(() => new Date(), { message: 'must lie in the future' })
  readonly expiresAt?: Date;
}
