import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, IsNumber, IsObject, Matches, Max, Min, ValidateNested } from 'class-validator';
import { MayBeLeftOut } from '../../../platform/http/may-be-left-out.decorator.js';

export class ManifestResourcesDto {
  @ApiPropertyOptional({ example: 0.5, minimum: 0.01, maximum: 256, description: 'CPUs, fractions allowed' })
  @MayBeLeftOut()
  @IsNumber({ allowNaN: false, allowInfinity: false })
  @Min(0.01)
  @Max(256)
  cpus?: number;

  @ApiPropertyOptional({ example: 256, minimum: 16, maximum: 1_048_576 })
  @MayBeLeftOut()
  @IsInt()
  @Min(16)
  @Max(1_048_576)
  memoryMiB?: number;

  @ApiPropertyOptional({ example: 128, minimum: 8, maximum: 32_768, description: 'Most processes and threads' })
  @MayBeLeftOut()
  @IsInt()
  @Min(8)
  @Max(32_768)
  pids?: number;

  @ApiPropertyOptional({ example: 64, minimum: 1, maximum: 65_536, description: 'Size of /tmp' })
  @MayBeLeftOut()
  @IsInt()
  @Min(1)
  @Max(65_536)
  tmpfsMiB?: number;
}

/** How the agent's container is to be. What is left out takes the installation's default. */
export class ManifestDto {
  static readonly nested = { resources: ManifestResourcesDto };

  @ApiPropertyOptional({ example: 'muster/agent', description: 'Image reference' })
  @MayBeLeftOut()
  @Matches(/^[a-z0-9][A-Za-z0-9._\-/:@]{0,254}$/, { message: 'must be an image reference' })
  image?: string;

  @ApiPropertyOptional({ type: ManifestResourcesDto })
  @MayBeLeftOut()
  @IsObject()
  @ValidateNested()
  resources?: ManifestResourcesDto;

  @ApiPropertyOptional({ enum: ['runc', 'gvisor'] })
  @MayBeLeftOut()
  @IsIn(['runc', 'gvisor'], { message: 'must be runc or gvisor' })
  isolation?: 'runc' | 'gvisor';

  @ApiPropertyOptional({ example: 30, minimum: 1, maximum: 3600 })
  @MayBeLeftOut()
  @IsInt()
  @Min(1)
  @Max(3600)
  startTimeoutSeconds?: number;

  @ApiPropertyOptional({ example: 10, minimum: 0, maximum: 600 })
  @MayBeLeftOut()
  @IsInt()
  @Min(0)
  @Max(600)
  gracePeriodSeconds?: number;
}
