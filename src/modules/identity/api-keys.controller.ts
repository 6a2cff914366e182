import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { actorOf, type Principal } from '../../domain/identity/principal.js';
import type { ApiKeyId } from '../../domain/ids.js';
import { Caller } from '../../platform/http/caller.decorator.js';
import { PageQuery } from '../../platform/http/page-query.dto.js';
import { Requires } from '../../platform/http/requires.decorator.js';
import { ApiKeyPageDto, toApiKeyPageDto } from './dto/api-key-page.dto.js';
import { ApiKeyPath } from './dto/api-key-path.dto.js';
import { ApiKeyDto, toApiKeyDto } from './dto/api-key.dto.js';
import { CreateApiKeyDto } from './dto/create-api-key.dto.js';
import { IssuedKeyDto, toIssuedKeyDto } from './dto/issued-key.dto.js';
import { IdentityService } from './identity.service.js';

/** The API keys of the caller's tenant. */
@ApiTags('identity')
@Controller('api-keys')
export class ApiKeysController {
  constructor(private readonly identity: IdentityService) {}

  @Post()
  @Requires('api-keys:manage')
  @ApiOperation({ summary: 'Make an API key; its text is in this answer and nowhere else' })
  @ApiCreatedResponse({ type: IssuedKeyDto })
  async create(@Caller() caller: Principal, @Body() dto: CreateApiKeyDto): Promise<IssuedKeyDto> {
    const { name, role, expiresAt } = dto;
    const { apiKey, key } = await this.identity.issueKey(
      caller.tenantId,
      { name, role, expiresAt: expiresAt == null ? null : new Date(expiresAt) },
      actorOf(caller),
    );
    return toIssuedKeyDto(apiKey, key);
  }

  @Get()
  @Requires('api-keys:manage')
  @ApiOperation({ summary: "List the tenant's API keys, newest first, revoked ones included" })
  @ApiOkResponse({ type: ApiKeyPageDto })
  async list(@Caller() caller: Principal, @Query() page: PageQuery): Promise<ApiKeyPageDto> {
    return toApiKeyPageDto(await this.identity.listKeys(caller.tenantId, page));
  }

  @Get('me')
  @Requires('self:read')
  @ApiOperation({ summary: 'The key that this request carries' })
  @ApiOkResponse({ type: ApiKeyDto })
  async me(@Caller() caller: Principal): Promise<ApiKeyDto> {
    return toApiKeyDto(await this.identity.findKey(caller.tenantId, caller.apiKeyId));
  }

  @Get(':id')
  @Requires('api-keys:manage')
  @ApiOperation({ summary: 'One API key' })
  @ApiOkResponse({ type: ApiKeyDto })
  async find(@Caller() caller: Principal, @Param() path: ApiKeyPath): Promise<ApiKeyDto> {
    return toApiKeyDto(await this.identity.findKey(caller.tenantId, path.id as ApiKeyId));
  }

  @Delete(':id')
  @HttpCode(204)
  @Requires('api-keys:manage')
  @ApiOperation({ summary: 'Revoke an API key; the last admin key without an end stays' })
  @ApiNoContentResponse()
  async revoke(@Caller() caller: Principal, @Param() path: ApiKeyPath): Promise<void> {
    await this.identity.revokeKey(caller.tenantId, path.id as ApiKeyId, actorOf(caller));
  }
}
