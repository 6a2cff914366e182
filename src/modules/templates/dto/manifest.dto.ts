import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, IsNumber, IsObject, Matches, Max, Min, ValidateNested } from 'class-validator';
import { IMAGE_REFERENCE, IMAGE_REFERENCE_RULE } from '../../../domain/runtime/image-reference.js';
import {
  GRACE_PERIOD_SECONDS,
  RESOURCE_BOUNDS,
  START_TIMEOUT_SECONDS,
  type Bounds,
} from '../../../domain/templates/manifest-bounds.js';
import { MayBeLeftOut } from '../../../platform/http/may-be-left-out.decorator.js';

/** As OpenAPI says them. */
const boundsOf = ({ min, max, fallback }: Bounds) => ({ minimum: min, maximum: max, default: fallback });

export class ManifestResourcesDto {
  @ApiPropertyOptional({ example: 0.5, ...boundsOf(RESOURCE_BOUNDS.cpus), description: 'CPUs, fractions allowed' })
  @MayBeLeftOut()
  @IsNumber({ allowNaN: false, allowInfinity: false })
  @Min(RESOURCE_BOUNDS.cpus.min)
  @Max(RESOURCE_BOUNDS.cpus.max)
  cpus?: number;

  @ApiPropertyOptional({ example: 256, ...boundsOf(RESOURCE_BOUNDS.memoryMiB) })
  @MayBeLeftOut()
  @IsInt()
  @Min(RESOURCE_BOUNDS.memoryMiB.min)
  @Max(RESOURCE_BOUNDS.memoryMiB.max)
  memoryMiB?: number;

  @ApiPropertyOptional({ example: 128, ...boundsOf(RESOURCE_BOUNDS.pids), description: 'Most processes and threads' })
  @MayBeLeftOut()
  @IsInt()
  @Min(RESOURCE_BOUNDS.pids.min)
  @Max(RESOURCE_BOUNDS.pids.max)
  pids?: number;

  @ApiPropertyOptional({ example: 64, ...boundsOf(RESOURCE_BOUNDS.tmpfsMiB), description: 'Size of /tmp' })
  @MayBeLeftOut()
  @IsInt()
  @Min(RESOURCE_BOUNDS.tmpfsMiB.min)
  @Max(RESOURCE_BOUNDS.tmpfsMiB.max)
  tmpfsMiB?: number;
}

/** How the agent's container is to be. What is left out takes the installation's default. */
export class ManifestDto {
  static readonly nested = { resources: ManifestResourcesDto };

  @ApiPropertyOptional({ example: 'muster/agent', description: 'Image reference' })
  @MayBeLeftOut()
  @Matches(new RegExp(IMAGE_REFERENCE), { message: IMAGE_REFERENCE_RULE })
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

  @ApiPropertyOptional({ example: 30, ...boundsOf(START_TIMEOUT_SECONDS) })
  @MayBeLeftOut()
  @IsInt()
  @Min(START_TIMEOUT_SECONDS.min)
  @Max(START_TIMEOUT_SECONDS.max)
  startTimeoutSeconds?: number;

  @ApiPropertyOptional({ example: 10, ...boundsOf(GRACE_PERIOD_SECONDS) })
  @MayBeLeftOut()
  @IsInt()
  @Min(GRACE_PERIOD_SECONDS.min)
  @Max(GRACE_PERIOD_SECONDS.max)
  gracePeriodSeconds?: number;
}
