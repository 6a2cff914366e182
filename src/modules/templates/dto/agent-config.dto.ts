import { ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsBoolean, ValidateNested } from 'class-validator';
import { MCP_SERVERS_MAX_COUNT, SKILLS_MAX_BYTES } from '../../../domain/templates/limits.js';
import { IsText } from '../../../platform/http/is-text.decorator.js';
import { MayBeLeftOut } from '../../../platform/http/may-be-left-out.decorator.js';
import { McpServerDto } from './mcp-server.dto.js';

/** Which model drives the agent, and what it may do. What is left out takes its default. */
export class AgentConfigDto {
  static readonly nested = { mcpServers: McpServerDto };

  @ApiPropertyOptional({ example: 'qwen3:8b', default: '', description: "The model's name, as its provider calls it" })
  @MayBeLeftOut()
  @IsText({ maxBytes: 200 })
  model?: string;

  @ApiPropertyOptional({ example: 'ollama', default: '', description: 'Who serves the model; `echo` needs no model' })
  @MayBeLeftOut()
  @IsText({ maxLength: 63, pattern: { expression: /^[^:\s]*$/, rule: 'must be a name without colons and spaces' } })
  provider?: string;

  @ApiPropertyOptional({ example: 'TypeScript, reading other people’s code', default: '' })
  @MayBeLeftOut()
  @IsText({ maxBytes: SKILLS_MAX_BYTES })
  skills?: string;

  @ApiPropertyOptional({ example: true, default: false })
  @MayBeLeftOut()
  @IsBoolean()
  canWriteCode?: boolean;

  @ApiPropertyOptional({ type: [McpServerDto], default: [] })
  @MayBeLeftOut()
  @IsArray()
  @ArrayMaxSize(MCP_SERVERS_MAX_COUNT)
  @ValidateNested({ each: true })
  mcpServers?: McpServerDto[];
}
