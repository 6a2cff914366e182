import { ApiProperty } from '@nestjs/swagger';
import { Matches } from 'class-validator';

export class CreateTenantDto {
  @ApiProperty({ pattern: '^[a-z0-9]+(-[a-z0-9]+)*$', maxLength: 60, example: 'research' })
  @Matches(/^(?=.{1,60}$)[a-z0-9]+(-[a-z0-9]+)*$/, {
    message: 'must be 1 to 60 lower-case letters, digits and single hyphens between them',
  })
  readonly name!: string;
}
