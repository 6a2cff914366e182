import { ApiProperty } from '@nestjs/swagger';
import type { Page } from '../../../domain/page.js';
import { TERMINAL_ENDS, TERMINAL_STATES, type Terminal } from '../../../domain/terminals/terminal.js';
import { ActorDto } from '../../../platform/http/actor.dto.js';
import type { WaitingTerminal } from '../terminals.service.js';

export class TerminalDto {
  @ApiProperty({ example: '66f2a1c09b1e8a4d3c5f7a10' })
  readonly id!: string;

  @ApiProperty({ example: '66f2a1c09b1e8a4d3c5f7a11' })
  readonly projectId!: string;

  @ApiProperty({ example: '66f2a1c09b1e8a4d3c5f7a12', description: 'The agent' })
  readonly instanceId!: string;

  @ApiProperty({ example: 0, description: 'In which copy of the agent, by its index' })
  readonly replica!: number;

  @ApiProperty({ type: [String], example: ['/bin/sh'] })
  readonly command!: readonly string[];

  @ApiProperty({ example: '/workspace' })
  readonly cwd!: string;

  @ApiProperty({ type: [String], example: ['EDITOR'], description: 'Names only' })
  readonly envNames!: readonly string[];

  @ApiProperty({ example: 80, description: 'As asked for; a client can change it' })
  readonly cols!: number;

  @ApiProperty({ example: 24 })
  readonly rows!: number;

  @ApiProperty({ enum: TERMINAL_STATES, example: 'open' })
  readonly state!: string;

  @ApiProperty({ enum: TERMINAL_ENDS, nullable: true, example: null, description: 'Why it ended' })
  readonly end!: string | null;

  @ApiProperty({ type: Number, nullable: true, example: null, description: '128 + n after signal n' })
  readonly exitCode!: number | null;

  @ApiProperty({ type: ActorDto })
  readonly createdBy!: ActorDto;

  @ApiProperty({ example: '2026-01-31T12:00:00.000Z' })
  readonly createdAt!: Date;

  @ApiProperty({ type: Date, nullable: true, example: '2026-01-31T12:00:01.000Z' })
  readonly openedAt!: Date | null;

  @ApiProperty({ type: Date, nullable: true, example: null })
  readonly endedAt!: Date | null;
}

export class WaitingTerminalDto extends TerminalDto {
  @ApiProperty({
    example:
      '/api/v1/projects/66f2a1c09b1e8a4d3c5f7a11/agents/66f2a1c09b1e8a4d3c5f7a12/terminals/66f2a1c09b1e8a4d3c5f7a10',
    description: 'Where to connect a WebSocket to, with an API key or `?ticket=`',
  })
  readonly path!: string;

  @ApiProperty({ example: 'k3VvS1…', description: 'Stands for the API key once, here, for half a minute' })
  readonly ticket!: string;

  @ApiProperty({ example: '2026-01-31T12:00:30.000Z' })
  readonly ticketExpiresAt!: Date;
}

export class TerminalListDto {
  @ApiProperty({ type: [TerminalDto] })
  readonly items!: readonly TerminalDto[];

  @ApiProperty({ type: String, nullable: true, example: null })
  readonly nextCursor!: string | null;
}

export const toTerminalDto = (terminal: Terminal): TerminalDto => ({
  id: terminal.id,
  projectId: terminal.projectId,
  instanceId: terminal.instanceId,
  replica: terminal.replica,
  command: terminal.command,
  cwd: terminal.cwd,
  envNames: terminal.envNames,
  cols: terminal.size.columns,
  rows: terminal.size.rows,
  state: terminal.state,
  end: terminal.end,
  exitCode: terminal.exitCode,
  createdBy: terminal.createdBy,
  createdAt: terminal.createdAt,
  openedAt: terminal.openedAt,
  endedAt: terminal.endedAt,
});

export const toWaitingTerminalDto = ({
  terminal,
  path,
  ticket,
  ticketExpiresAt,
}: WaitingTerminal): WaitingTerminalDto => Object.assign(toTerminalDto(terminal), { path, ticket, ticketExpiresAt });

export const toTerminalListDto = ({ items, nextCursor }: Page<Terminal>): TerminalListDto => ({
  items: items.map(toTerminalDto),
  nextCursor,
});
