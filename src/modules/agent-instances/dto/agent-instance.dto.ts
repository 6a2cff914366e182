import { ApiProperty } from '@nestjs/swagger';
import { AGENT_STATUSES, type AgentInstance } from '../../../domain/agent-instances/agent-instance.js';
import type { JsonObject } from '../../../domain/json.js';
import type { AgentConfig, ToolReference } from '../../../domain/templates/blueprint.js';
import type { Manifest } from '../../../domain/templates/manifest.js';
import { AIEOS_IDENTITY, MANIFEST, TOOL_LIST } from '../../../platform/http/blueprint/blueprint-schemas.js';
import { LifecycleSummaryDto, toLifecycleSummaryDto } from './lifecycle-summary.dto.js';

/** An agent: a full snapshot of a template version, which lives on its own. */
export class AgentInstanceDto {
  @ApiProperty({ example: '66f2a1c09b1e8a4d3c5f7a12' })
  id!: string;

  @ApiProperty({ example: '66f2a1c09b1e8a4d3c5f7a13' })
  projectId!: string;

  @ApiProperty({ example: '66f2a1c09b1e8a4d3c5f7a00' })
  tenantId!: string;

  @ApiProperty({ example: '66f2a1c09b1e8a4d3c5f7a10' })
  templateId!: string;

  @ApiProperty({ example: 3 })
  templateVersion!: number;

  @ApiProperty({ example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08' })
  templateDigest!: string;

  @ApiProperty({ example: 'developer' })
  role!: string;

  @ApiProperty({ example: 'Ada' })
  displayName!: string;

  @ApiProperty({ example: 'web-app-dev-1', description: 'Unique in the project' })
  identifier!: string;

  @ApiProperty({ type: [String], example: ['frontend'] })
  tags!: readonly string[];

  @ApiProperty({ type: Number, nullable: true, example: 4711, description: 'Main process while running' })
  pid!: number | null;

  @ApiProperty({ example: 'You are patient, and you write the test first.' })
  soul!: string;

  @ApiProperty({ ...AIEOS_IDENTITY, example: null })
  aieos_identity!: JsonObject | null;

  @ApiProperty({ example: 'You develop on <%= process.platform %>.' })
  systemPrompt!: string;

  @ApiProperty({ ...TOOL_LIST, example: ['fs__file__view'] })
  tools!: readonly ToolReference[];

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    example: { model: 'any', provider: 'echo', skills: '', canWriteCode: true, mcpServers: [] },
  })
  config!: AgentConfig;

  @ApiProperty(MANIFEST)
  manifest!: Manifest;

  @ApiProperty({ enum: AGENT_STATUSES, example: 'idle' })
  status!: string;

  @ApiProperty({ example: '/artifacts/66f2a1c09b1e8a4d3c5f7a13/workspaces/66f2a1c09b1e8a4d3c5f7a12/' })
  workspacePath!: string;

  @ApiProperty({ type: LifecycleSummaryDto })
  lifecycle!: LifecycleSummaryDto;

  @ApiProperty({ example: 1, description: 'The ETag: raised by edits alone' })
  revision!: number;

  @ApiProperty({ example: '2026-01-31T12:00:00.000Z' })
  createdAt!: Date;

  @ApiProperty({ example: '2026-01-31T12:00:00.000Z' })
  updatedAt!: Date;
}

export const toAgentInstanceDto = (instance: AgentInstance): AgentInstanceDto => ({
  id: instance.id,
  projectId: instance.projectId,
  tenantId: instance.tenantId,
  templateId: instance.templateId,
  templateVersion: instance.templateVersion,
  templateDigest: instance.templateDigest,
  role: instance.role,
  displayName: instance.displayName,
  identifier: instance.identifier,
  tags: instance.tags,
  pid: instance.pid,
  soul: instance.soul,
  aieos_identity: instance.aieos_identity,
  systemPrompt: instance.systemPrompt,
  tools: instance.tools,
  config: instance.config,
  manifest: instance.manifest,
  status: instance.status,
  workspacePath: instance.workspacePath,
  lifecycle: toLifecycleSummaryDto(instance.lifecycle),
  revision: instance.revision,
  createdAt: instance.createdAt,
  updatedAt: instance.updatedAt,
});
