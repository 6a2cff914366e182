import { ApiProperty } from '@nestjs/swagger';
import { MCP_SESSION_ENDS, MCP_SESSION_STATES, type McpSession } from '../../../domain/mcp/mcp-session.js';
import type { Page } from '../../../domain/page.js';
import { ActorDto } from '../../../platform/http/actor.dto.js';

export class McpSessionDto {
  @ApiProperty({ example: '66f2a1c09b1e8a4d3c5f7a10', description: 'In the event log; not what a client names it by' })
  readonly id!: string;

  @ApiProperty({ example: '66f2a1c09b1e8a4d3c5f7a11' })
  readonly projectId!: string;

  @ApiProperty({ example: '66f2a1c09b1e8a4d3c5f7a12', description: 'The agent' })
  readonly instanceId!: string;

  @ApiProperty({ example: 0, description: 'The copy of the agent that it is in, by its index' })
  readonly replica!: number;

  @ApiProperty({ type: [String], example: ['node', 'server.js'] })
  readonly command!: readonly string[];

  @ApiProperty({ enum: MCP_SESSION_STATES, example: 'ended' })
  readonly state!: string;

  @ApiProperty({
    type: String,
    nullable: true,
    example: '2025-11-25',
    description: 'The revision of MCP that client and server agreed on',
  })
  readonly protocolVersion!: string | null;

  @ApiProperty({ enum: MCP_SESSION_ENDS, nullable: true, example: 'closed-by-request', description: 'Why it ended' })
  readonly end!: string | null;

  @ApiProperty({ type: Number, nullable: true, example: null, description: '128 + n after signal n' })
  readonly exitCode!: number | null;

  @ApiProperty({
    type: String,
    nullable: true,
    example: 'listening on stdio\n',
    description: 'The newest 16 KiB that the server wrote beside its messages; there once it has ended',
  })
  readonly stderr!: string | null;

  @ApiProperty({ type: ActorDto })
  readonly createdBy!: ActorDto;

  @ApiProperty({ example: '2026-01-31T12:00:00.000Z' })
  readonly createdAt!: Date;

  @ApiProperty({ type: Date, nullable: true, example: '2026-01-31T12:30:00.000Z' })
  readonly endedAt!: Date | null;
}

export class McpSessionListDto {
  @ApiProperty({ type: [McpSessionDto] })
  readonly items!: readonly McpSessionDto[];

  @ApiProperty({ type: String, nullable: true, example: null })
  readonly nextCursor!: string | null;
}

const toMcpSessionDto = (session: McpSession): McpSessionDto => ({
  id: session.id,
  projectId: session.projectId,
  instanceId: session.instanceId,
  replica: session.replica,
  command: session.command,
  state: session.state,
  protocolVersion: session.protocolVersion,
  end: session.end,
  exitCode: session.exitCode,
  stderr: session.stderr,
  createdBy: session.createdBy,
  createdAt: session.createdAt,
  endedAt: session.endedAt,
});

export const toMcpSessionListDto = ({ items, nextCursor }: Page<McpSession>): McpSessionListDto => ({
  items: items.map(toMcpSessionDto),
  nextCursor,
});
