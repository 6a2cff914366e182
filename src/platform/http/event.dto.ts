import { ApiProperty } from '@nestjs/swagger';
import type { DomainEventType } from '../../domain/events/domain-events.js';
import { EVENT_TYPES } from '../../domain/events/event-permissions.js';
import { ActorDto } from './actor.dto.js';
import { IsId } from './is-id.decorator.js';
import { SubjectDto } from './subject.dto.js';

/** An event as the log holds it, without what chains and signs it. */
export class EventDto {
  @ApiProperty({ example: 42, description: "Its place in the tenant's log: 1, 2, 3 … without a gap" })
  readonly seq!: number;

  @IsId('The same wherever the event is told again')
  readonly eventId!: string;

  @ApiProperty({ enum: EVENT_TYPES, example: 'lifecycle.transitioned' })
  readonly type!: DomainEventType;

  @IsId('Whose log it is')
  readonly tenantId!: string;

  @ApiProperty({ type: ActorDto, description: 'Who caused it' })
  readonly actor!: ActorDto;

  @ApiProperty({ type: SubjectDto })
  readonly subject!: SubjectDto;

  @ApiProperty({ example: '2026-01-31T12:00:00.000Z' })
  readonly at!: Date;

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    description: 'What the type says it has: ids, enums, numbers and digests',
    example: {
      instanceId: '66f2a1c09b1e8a4d3c5f7a10',
      from: 'starting',
      to: 'running',
      generation: 1,
      reason: 'agent-healthy',
    },
  })
  readonly data!: object;
}
