import { Body, Controller, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { actorOf, type Principal } from '../../domain/identity/principal.js';
import { Caller } from '../../platform/http/caller.decorator.js';
import { Requires } from '../../platform/http/requires.decorator.js';
import { CreateTenantDto } from './dto/create-tenant.dto.js';
import { CreatedTenantDto } from './dto/created-tenant.dto.js';
import { toIssuedKeyDto } from './dto/issued-key.dto.js';
import { IdentityService } from './identity.service.js';

/** The tenants of this installation; for admins of its first tenant, `default`. */
@ApiTags('identity')
@Controller('tenants')
export class TenantsController {
  constructor(private readonly identity: IdentityService) {}

  @Post()
  @Requires('tenants:manage')
  @ApiOperation({ summary: 'Make a tenant and its first admin key (admins of tenant default only)' })
  @ApiCreatedResponse({ type: CreatedTenantDto })
  async create(@Caller() caller: Principal, @Body() dto: CreateTenantDto): Promise<CreatedTenantDto> {
    const { tenant, apiKey, key } = await this.identity.createTenant(dto.name, actorOf(caller));
    const { id, name, createdAt } = tenant;
    return { id, name, createdAt, adminKey: toIssuedKeyDto(apiKey, key) };
  }
}
