import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, Matches, Max, Min } from 'class-validator';
import { IsFlag } from '../is-flag.decorator.js';
import { FolderQuery } from './folder-query.dto.js';

export class ListQuery extends FolderQuery {
  @IsFlag('Also what is below the folders in it')
  readonly recursive: boolean = false;

  @ApiPropertyOptional({ minimum: 1, maximum: 1000, default: 200 })
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(1000)
  readonly limit: number = 200;

  // It holds a path, so it is longer than that of other lists.
  @ApiPropertyOptional({ description: 'nextCursor of the page before' })
  @IsOptional()
  @Matches(/^[A-Za-z0-9_-]{1,12000}$/, { message: 'must be a nextCursor as Muster gave it' })
  readonly cursor?: string;
}
