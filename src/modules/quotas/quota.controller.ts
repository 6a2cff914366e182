import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Principal } from '../../domain/identity/principal.js';
import { Caller } from '../../platform/http/caller.decorator.js';
import { Requires } from '../../platform/http/requires.decorator.js';
import { QuotaDto, toQuotaDto } from './dto/quota.dto.js';
import { QuotasService } from './quotas.service.js';

/** How much the caller's tenant can have. */
@ApiTags('quotas')
@Controller('quota')
export class QuotaController {
  constructor(private readonly quotas: QuotasService) {}

  @Get()
  @Requires('projects:read')
  @ApiOperation({ summary: "The tenant's quotas: limits, what is used, what is left" })
  @ApiResponse({ status: 200, type: QuotaDto })
  async get(@Caller() caller: Principal): Promise<QuotaDto> {
    return toQuotaDto('tenant', await this.quotas.ofTenant(caller.tenantId));
  }
}
