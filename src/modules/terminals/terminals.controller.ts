import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { actorOf, type Principal } from '../../domain/identity/principal.js';
import { AccessControl } from '../../platform/http/access-control.js';
import { ApiProblem } from '../../platform/http/api-problem.decorator.js';
import { Caller } from '../../platform/http/caller.decorator.js';
import { PageQuery } from '../../platform/http/page-query.dto.js';
import { AnyReplicaQuery } from '../../platform/http/any-replica-query.dto.js';
import { Requires } from '../../platform/http/requires.decorator.js';
import { TakesTicket } from '../../platform/http/takes-ticket.decorator.js';
import { Upgrades } from '../../platform/http/upgrades.js';
import { CreateTerminalDto } from './dto/create-terminal.dto.js';
import { TerminalPath, TerminalsPath } from './dto/terminal-path.dto.js';
import {
  TerminalDto,
  TerminalListDto,
  toTerminalDto,
  toTerminalListDto,
  toWaitingTerminalDto,
  WaitingTerminalDto,
} from './dto/terminal.dto.js';
import type { Proof } from './sealed-environment.js';
import { TerminalGateway } from './terminal-gateway.js';
import { TerminalsService } from './terminals.service.js';

/** Terminals in agents' containers, for people who sit in front of them. */
@ApiTags('sandbox')
@Controller('projects/:projectId/agents/:id/terminals')
export class TerminalsController {
  constructor(
    private readonly terminals: TerminalsService,
    private readonly gateway: TerminalGateway,
    private readonly upgrades: Upgrades,
    private readonly access: AccessControl,
  ) {}

  @Post()
  @Requires('runs:execute')
  @ApiOperation({ summary: 'Ask for a terminal; then connect a WebSocket to it' })
  @ApiResponse({ status: 201, type: WaitingTerminalDto })
  @ApiProblem(429, 'The agent or the tenant has as many terminals as it may')
  @ApiProblem(501, 'The runtime has no terminals')
  async create(
    @Caller() caller: Principal,
    @Param() { projectId, id }: TerminalsPath,
    @Query() { replica }: AnyReplicaQuery,
    @Body() body: CreateTerminalDto,
    @Req() request: FastifyRequest,
  ): Promise<WaitingTerminalDto> {
    const path = { tenantId: caller.tenantId, projectId, id };
    return toWaitingTerminalDto(await this.terminals.create(caller, path, body.toRequest(), keyOf(request), replica));
  }

  @Get()
  @Requires('runs:read')
  @ApiOperation({ summary: 'The terminals of an agent, newest first' })
  @ApiResponse({ status: 200, type: TerminalListDto })
  async list(
    @Caller() caller: Principal,
    @Param() { projectId, id }: TerminalsPath,
    @Query() page: PageQuery,
  ): Promise<TerminalListDto> {
    return toTerminalListDto(await this.terminals.list({ tenantId: caller.tenantId, projectId, id }, page));
  }

  @Get(':terminalId')
  @Requires('runs:read')
  @TakesTicket()
  @ApiOperation({ summary: 'One terminal; with Upgrade: websocket, the terminal itself (needs runs:execute)' })
  @ApiResponse({ status: 101, description: 'Binary messages are bytes, text messages are control messages' })
  @ApiResponse({ status: 200, type: TerminalDto })
  async get(
    @Caller() caller: Principal,
    @Param() { projectId, id, terminalId }: TerminalPath,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const path = { tenantId: caller.tenantId, projectId, id };
    const upgrade = this.upgrades.take(request);
    if (upgrade === null) {
      await reply.send(toTerminalDto(await this.terminals.get(path, terminalId)));
      return;
    }
    this.access.assertHolds(request, caller, 'runs:execute');
    await this.gateway.connect(caller, path, terminalId, { request, reply, upgrade, proof: proofOf(request) });
  }

  @Delete(':terminalId')
  @HttpCode(204)
  @Requires('runs:execute')
  @ApiOperation({ summary: 'Close a terminal, and end every process of it; does nothing to one that has ended' })
  @ApiResponse({ status: 204, description: 'It is closed, or is about to be by the process that carries it' })
  async close(@Caller() caller: Principal, @Param() { projectId, id, terminalId }: TerminalPath): Promise<void> {
    await this.terminals.close({ tenantId: caller.tenantId, projectId, id }, terminalId, actorOf(caller));
  }
}

const keyOf = ({ headers }: FastifyRequest): string => (headers.authorization ?? '').replace(/^bearer +/i, '');

function proofOf(request: FastifyRequest): Proof {
  const { ticket } = request.query as Record<string, unknown>;
  const isByTicket = request.headers.authorization === undefined && typeof ticket === 'string';
  return isByTicket ? { kind: 'byTicket', text: ticket } : { kind: 'byKey', text: keyOf(request) };
}
