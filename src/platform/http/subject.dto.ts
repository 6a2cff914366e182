import { ApiProperty } from '@nestjs/swagger';
import type { Subject, SubjectType } from '../../domain/events/domain-events.js';

/** What an event is about. */
export class SubjectDto implements Subject {
  @ApiProperty({ type: String, example: 'agent-instance' })
  readonly type!: SubjectType;

  @ApiProperty({ example: '66f2a1c09b1e8a4d3c5f7a10' })
  readonly id!: string;
}
