import { Controller, Delete, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiHeader, ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Principal } from '../../domain/identity/principal.js';
import { AnyReplicaQuery } from '../../platform/http/any-replica-query.dto.js';
import { ApiProblem } from '../../platform/http/api-problem.decorator.js';
import { Caller } from '../../platform/http/caller.decorator.js';
import { KeepsText } from '../../platform/http/keeps-text.decorator.js';
import { PageQuery } from '../../platform/http/page-query.dto.js';
import { Requires } from '../../platform/http/requires.decorator.js';
import { McpPath } from './dto/mcp-path.dto.js';
import { McpSessionListDto, toMcpSessionListDto } from './dto/mcp-session.dto.js';
import { McpService } from './mcp.service.js';

const SESSION = {
  name: 'Mcp-Session-Id',
  required: false,
  description: 'From the answer to initialize; in every request after it',
};
const MESSAGE = {
  type: 'object',
  required: ['jsonrpc'],
  properties: {
    jsonrpc: { type: 'string', enum: ['2.0'] },
    id: { oneOf: [{ type: 'string' }, { type: 'number' }] },
    method: { type: 'string' },
    params: { type: 'object', additionalProperties: true },
    result: { type: 'object', additionalProperties: true },
    error: { type: 'object', additionalProperties: true },
  },
  example: {
    jsonrpc: '2.0',
    id: 1,
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'a client', version: '1' } },
  },
};

/** An agent as an MCP server, for any MCP client. */
@ApiTags('sandbox')
@Controller('projects/:projectId/agents/:id/mcp')
export class McpController {
  constructor(private readonly mcp: McpService) {}

  @Post()
  @Requires('runs:execute')
  @KeepsText()
  @ApiOperation({
    summary: "Say something to the agent's MCP server",
    description:
      "MCP's Streamable HTTP, revisions 2025-03-26 to 2025-11-25. `initialize` starts a server for a session of its own, in the copy of the agent that `replica` names or else in the next one; whatever comes later goes there. Messages are passed on as they are.",
  })
  @ApiHeader(SESSION)
  @ApiConsumes('application/json')
  @ApiBody({ schema: MESSAGE })
  @ApiProduces('application/json', 'text/event-stream')
  @ApiResponse({ status: 200, description: 'The answer alone, or a stream of messages that ends with it' })
  @ApiResponse({ status: 202, description: 'It was no request, and was passed on' })
  @ApiProblem(429, 'There are as many sessions, or unanswered requests, as there may be')
  @ApiProblem(501, 'The runtime cannot run programs in agents')
  async post(
    @Caller() caller: Principal,
    @Param() { projectId, id }: McpPath,
    @Query() { replica }: AnyReplicaQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.mcp.post(caller, { tenantId: caller.tenantId, projectId, id }, replica, request, reply);
  }

  @Get()
  @Requires('runs:execute')
  @ApiOperation({ summary: "Hear what the agent's MCP server says by itself" })
  @ApiHeader({ ...SESSION, required: true })
  @ApiProduces('text/event-stream')
  @ApiResponse({ status: 200, description: 'Messages, until the session ends' })
  async listen(
    @Caller() caller: Principal,
    @Param() { projectId, id }: McpPath,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.mcp.listen(caller, { tenantId: caller.tenantId, projectId, id }, request, reply);
  }

  @Delete()
  @HttpCode(204)
  @Requires('runs:execute')
  @ApiOperation({ summary: 'End an MCP session, and every process of its server' })
  @ApiHeader({ ...SESSION, required: true })
  @ApiResponse({ status: 204, description: 'It has ended' })
  async end(
    @Caller() caller: Principal,
    @Param() { projectId, id }: McpPath,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    await this.mcp.end(caller, { tenantId: caller.tenantId, projectId, id }, request);
  }

  @Get('sessions')
  @Requires('runs:read')
  @ApiOperation({ summary: 'The MCP sessions of an agent, newest first' })
  @ApiResponse({ status: 200, type: McpSessionListDto })
  async list(
    @Caller() caller: Principal,
    @Param() { projectId, id }: McpPath,
    @Query() page: PageQuery,
  ): Promise<McpSessionListDto> {
    return toMcpSessionListDto(await this.mcp.list({ tenantId: caller.tenantId, projectId, id }, page));
  }
}
