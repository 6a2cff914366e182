import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { ArrayMaxSize, IsIn, IsOptional, Matches } from 'class-validator';
import type { DomainEventType } from '../../domain/events/domain-events.js';
import { EVENT_TYPES } from '../../domain/events/event-permissions.js';

const SEQ = /^\d{1,15}$/;

/** Which entries of the event log are asked for. */
export class EventQuery {
  @ApiPropertyOptional({ type: Number, minimum: 0, example: 41, description: 'Only entries with a greater `seq`' })
  @IsOptional()
  @Matches(SEQ, { message: 'must be the seq of an entry, or 0' })
  readonly after?: string;

  @ApiPropertyOptional({
    enum: EVENT_TYPES,
    isArray: true,
    example: ['lifecycle.transitioned', 'run.ended'],
    description: 'Only these, separated by commas',
  })
  @IsOptional()
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.split(',') : value))
  @ArrayMaxSize(EVENT_TYPES.length)
  @IsIn(EVENT_TYPES, { each: true, message: 'must be types of events, separated by commas' })
  readonly type?: readonly DomainEventType[];

  @ApiPropertyOptional({
    example: '66f2a1c09b1e8a4d3c5f7a10',
    description: 'Only what happened to the thing with this id',
  })
  @IsOptional()
  @Matches(/^([0-9a-f]{24}|anonymous)$/, { message: 'must be an id: 24 lower-case hex digits' })
  readonly subject?: string;
}
