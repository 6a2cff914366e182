import { Body, Controller, Get, Param, Put } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { actorOf, type Principal } from '../../domain/identity/principal.js';
import { Caller } from '../../platform/http/caller.decorator.js';
import { Requires } from '../../platform/http/requires.decorator.js';
import { QuotaDto, toQuotaDto } from './dto/quota.dto.js';
import { SetQuotaDto, toLimits } from './dto/set-quota.dto.js';
import { TenantQuotaPath } from './dto/tenant-quota-path.dto.js';
import { QuotasService } from './quotas.service.js';

/** How much each tenant can have; for admins of the first tenant, `default`. */
@ApiTags('quotas')
@Controller('tenants/:id/quota')
export class TenantQuotaController {
  constructor(private readonly quotas: QuotasService) {}

  @Get()
  @Requires('tenants:manage')
  @ApiOperation({ summary: "A tenant's quotas (admins of tenant default only)" })
  @ApiResponse({ status: 200, type: QuotaDto })
  async get(@Param() { id }: TenantQuotaPath): Promise<QuotaDto> {
    return toQuotaDto('tenant', await this.quotas.ofTenant(id));
  }

  @Put()
  @Requires('tenants:manage')
  @ApiOperation({ summary: "Set a tenant's limits; what is left out has the default (admins of tenant default only)" })
  @ApiResponse({ status: 200, type: QuotaDto })
  async set(
    @Caller() caller: Principal,
    @Param() { id }: TenantQuotaPath,
    @Body() body: SetQuotaDto,
  ): Promise<QuotaDto> {
    return toQuotaDto('tenant', await this.quotas.setForTenant(id, toLimits(body), actorOf(caller)));
  }
}
