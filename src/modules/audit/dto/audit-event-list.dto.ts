import { ApiProperty } from '@nestjs/swagger';
import { AuditEventDto } from './audit-event.dto.js';

export class AuditEventListDto {
  @ApiProperty({ type: [AuditEventDto] })
  readonly items!: readonly AuditEventDto[];

  @ApiProperty({
    type: String,
    nullable: true,
    example: '92',
    description: 'What `after` has to be for the next page; null when the log has no more',
  })
  readonly nextCursor!: string | null;
}
