import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Principal } from '../../domain/identity/principal.js';
import { Caller } from '../../platform/http/caller.decorator.js';
import { Requires } from '../../platform/http/requires.decorator.js';
import { AuditService } from './audit.service.js';
import { AuditEventListDto } from './dto/audit-event-list.dto.js';
import { toAuditEventDto } from './dto/audit-event.dto.js';
import { AuditQueryDto } from './dto/audit-query.dto.js';

/** The tenant's event log, for who has to check it. */
@ApiTags('audit')
@Controller('audit')
export class AuditController {
  constructor(private readonly audit: AuditService) {}

  @Get('events')
  @Requires('audit:read')
  @ApiOperation({ summary: 'Entries of the event log, oldest first, each with its hash and signature' })
  @ApiOkResponse({ type: AuditEventListDto })
  async list(@Caller() { tenantId }: Principal, @Query() query: AuditQueryDto): Promise<AuditEventListDto> {
    const { items, nextCursor } = await this.audit.read(
      tenantId,
      { types: query.type, subjectId: query.subject },
      { after: Number(query.after ?? 0), limit: query.limit },
    );
    return { items: items.map(toAuditEventDto), nextCursor };
  }
}
