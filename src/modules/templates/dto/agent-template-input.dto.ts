import { ApiPropertyOptional, OmitType } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsBoolean, IsObject, ValidateNested } from 'class-validator';
import { MCP_SERVERS_MAX_COUNT, SYSTEM_PROMPT_MAX_BYTES } from '../../../domain/templates/limits.js';
import { IsDisplayName } from '../../../platform/http/blueprint/is-display-name.decorator.js';
import { IsText } from '../../../platform/http/is-text.decorator.js';
import { MayBeLeftOut } from '../../../platform/http/may-be-left-out.decorator.js';
import { toContent } from '../template-content.js';
import type { NewTemplate } from '../template-input.js';
import { AgentConfigDto } from './agent-config.dto.js';
import { CreateTemplateDto } from './create-template.dto.js';
import { McpServerDto } from './mcp-server.dto.js';
import { TemplateContentDto } from './template-content.dto.js';

/** AgentConfigDto, spelt as the agent-manager's routes are. */
export class AgentTemplateConfigDto extends OmitType(AgentConfigDto, ['canWriteCode', 'mcpServers'] as const) {
  static readonly nested = { mcp_servers: McpServerDto };

  @ApiPropertyOptional({ example: true, default: false })
  @MayBeLeftOut()
  @IsBoolean()
  can_write_code?: boolean;

  @ApiPropertyOptional({ type: [McpServerDto], default: [] })
  @MayBeLeftOut()
  @IsArray()
  @ArrayMaxSize(MCP_SERVERS_MAX_COUNT)
  @ValidateNested({ each: true })
  mcp_servers?: McpServerDto[];
}

/** CreateTemplateDto, spelt as the agent-manager's routes are. */
export class AgentTemplateInputDto extends OmitType(CreateTemplateDto, [
  'displayName',
  'systemPrompt',
  'config',
] as const) {
  static readonly nested = { config: AgentTemplateConfigDto };
  static readonly checked = TemplateContentDto.checked;

  @ApiPropertyOptional({ example: 'Reviewer', description: "The template's name when left out" })
  @MayBeLeftOut()
  @IsDisplayName()
  display_name?: string;

  @ApiPropertyOptional({ example: 'You review code.', default: '', description: 'EJS; rendered inside the container' })
  @MayBeLeftOut()
  @IsText({ maxBytes: SYSTEM_PROMPT_MAX_BYTES })
  system_prompt?: string;

  @ApiPropertyOptional({ type: AgentTemplateConfigDto })
  @MayBeLeftOut()
  @IsObject()
  @ValidateNested()
  config?: AgentTemplateConfigDto;
}

/** What it means, in the spelling of the rest. */
export function toNewTemplate(dto: AgentTemplateInputDto): NewTemplate {
  const { name, display_name: displayName, system_prompt: systemPrompt, config, ...rest } = dto;
  const { can_write_code: canWriteCode, mcp_servers: mcpServers, ...model } = config ?? {};
  const content = toContent(name, {
    ...rest,
    ...(displayName === undefined ? {} : { displayName }),
    ...(systemPrompt === undefined ? {} : { systemPrompt }),
    config: {
      ...model,
      ...(canWriteCode === undefined ? {} : { canWriteCode }),
      ...(mcpServers === undefined ? {} : { mcpServers }),
    },
  });
  return { name, content };
}
