import { Body, Controller, Get, Param, Put } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { actorOf, type Principal } from '../../domain/identity/principal.js';
import { Caller } from '../../platform/http/caller.decorator.js';
import { Requires } from '../../platform/http/requires.decorator.js';
import { ProjectQuotaPath } from './dto/project-quota-path.dto.js';
import { QuotaDto, toQuotaDto } from './dto/quota.dto.js';
import { SetQuotaDto, toLimits } from './dto/set-quota.dto.js';
import { QuotasService } from './quotas.service.js';

/** How much of the tenant's quotas a project can have. */
@ApiTags('quotas')
@Controller('projects/:projectId/quota')
export class ProjectQuotaController {
  constructor(private readonly quotas: QuotasService) {}

  @Get()
  @Requires('projects:read')
  @ApiOperation({ summary: "A project's quotas: limits, what is used, what is left" })
  @ApiResponse({ status: 200, type: QuotaDto })
  async get(@Caller() caller: Principal, @Param() { projectId }: ProjectQuotaPath): Promise<QuotaDto> {
    return toQuotaDto('project', await this.quotas.ofProject(caller.tenantId, projectId));
  }

  @Put()
  @Requires('quotas:manage')
  @ApiOperation({ summary: "Set a project's limits, within its tenant's; what is left out has the tenant's" })
  @ApiResponse({ status: 200, type: QuotaDto })
  async set(
    @Caller() caller: Principal,
    @Param() { projectId }: ProjectQuotaPath,
    @Body() body: SetQuotaDto,
  ): Promise<QuotaDto> {
    const { tenantId } = caller;
    return toQuotaDto('project', await this.quotas.setForProject(tenantId, projectId, toLimits(body), actorOf(caller)));
  }
}
