import { Body, Controller, Delete, Get, HttpCode, Param, Put, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { actorOf, type Principal } from '../../domain/identity/principal.js';
import { ApiProblem } from '../../platform/http/api-problem.decorator.js';
import { Caller } from '../../platform/http/caller.decorator.js';
import { EtagFrom } from '../../platform/http/etag-from.decorator.js';
import { IfMatch } from '../../platform/http/if-match.decorator.js';
import { PageQuery } from '../../platform/http/page-query.dto.js';
import { Requires } from '../../platform/http/requires.decorator.js';
import { SecretPath } from './dto/secret-path.dto.js';
import { SecretDto, SecretListDto, toSecretDto, toSecretListDto } from './dto/secret.dto.js';
import { bytesOf, SetSecretDto } from './dto/set-secret.dto.js';
import { SecretsService } from './secrets.service.js';

/** Secrets of the caller's tenant: for every project that has none of that name. */
@ApiTags('secrets')
@Controller('secrets')
export class TenantSecretsController {
  constructor(private readonly secrets: SecretsService) {}

  @Get()
  @Requires('secrets:read')
  @ApiOperation({ summary: "List the tenant's secrets, newest first, without their values" })
  @ApiResponse({ status: 200, type: SecretListDto })
  async list(@Caller() { tenantId }: Principal, @Query() page: PageQuery): Promise<SecretListDto> {
    return toSecretListDto(await this.secrets.list({ tenantId, projectId: null }, page));
  }

  @Get(':name')
  @Requires('secrets:read')
  @EtagFrom('version')
  @ApiOperation({ summary: 'One secret of the tenant, without its value' })
  @ApiResponse({ status: 200, type: SecretDto })
  async get(@Caller() { tenantId }: Principal, @Param() { name }: SecretPath): Promise<SecretDto> {
    return toSecretDto(await this.secrets.get({ tenantId, projectId: null }, name));
  }

  @Put(':name')
  @Requires('secrets:write')
  @EtagFrom('version')
  @ApiOperation({ summary: 'Give a secret of the tenant a value: agents get it when they start next' })
  @ApiResponse({ status: 200, type: SecretDto, description: 'It has a new version' })
  @ApiResponse({ status: 201, type: SecretDto, description: 'There was none of that name' })
  @ApiProblem(429, 'The tenant has as many secrets as it can have')
  async set(
    @Caller() caller: Principal,
    @Param() { name }: SecretPath,
    @IfMatch() ifMatch: number | undefined,
    @Body() body: SetSecretDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SecretDto> {
    const scope = { tenantId: caller.tenantId, projectId: null };
    const { secret, created } = await this.secrets.set(scope, name, bytesOf(body), { actor: actorOf(caller), ifMatch });
    reply.status(created ? 201 : 200);
    return toSecretDto(secret);
  }

  @Delete(':name')
  @HttpCode(204)
  @Requires('secrets:write')
  @ApiOperation({ summary: 'Delete a secret of the tenant: its value is destroyed, agents that run keep theirs' })
  @ApiResponse({ status: 204, description: 'It is gone' })
  async remove(
    @Caller() caller: Principal,
    @Param() { name }: SecretPath,
    @IfMatch() ifMatch: number | undefined,
  ): Promise<void> {
    const scope = { tenantId: caller.tenantId, projectId: null };
    await this.secrets.remove(scope, name, { actor: actorOf(caller), ifMatch });
  }
}
