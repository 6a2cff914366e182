import type { JsonObject, JsonValue } from '../../domain/json.js';
import type { AgentConfig } from '../../domain/templates/blueprint.js';
import type { TemplateContent } from '../../domain/templates/template.js';
import type { AgentConfigDto } from './dto/agent-config.dto.js';
import type { TemplateContentDto } from './dto/template-content.dto.js';
import { isMapping, SECTIONS } from './daemon-v1/file-fields.js';

/** The content that a checked DTO means, with every default filled in. */
export function toContent(name: string, dto: TemplateContentDto): TemplateContent {
  return {
    displayName: dto.displayName ?? name,
    description: dto.description ?? '',
    role: dto.role ?? '',
    tags: dto.tags ?? [],
    labels: dto.labels ?? [],
    soul: dto.soul ?? '',
    aieos_identity: dto.aieos_identity ?? null,
    systemPrompt: dto.systemPrompt ?? '',
    tools: dto.tools ?? [],
    config: toConfig(dto.config ?? {}),
    manifest: dto.manifest ?? {},
    extensions: withoutEmptySections(dto.extensions ?? {}),
  };
}

function toConfig(dto: AgentConfigDto): AgentConfig {
  return {
    model: dto.model ?? '',
    provider: dto.provider ?? '',
    skills: dto.skills ?? '',
    canWriteCode: dto.canWriteCode ?? false,
    mcpServers: (dto.mcpServers ?? []).map((server) => ({
      name: server.name,
      ...(server.url === undefined ? {} : { url: server.url }),
      ...(server.command === undefined ? {} : { command: server.command }),
      ...(server.args === undefined ? {} : { args: server.args }),
    })),
  };
}

/** An empty section says nothing, and a file could not say it. */
function withoutEmptySections(extensions: JsonObject): JsonObject {
  const empty = SECTIONS.filter((section) => {
    const fields: JsonValue | undefined = extensions[section];
    return isMapping(fields) && Object.keys(fields).length === 0;
  });
  return empty.length === 0
    ? extensions
    : Object.fromEntries(Object.entries(extensions).filter(([key]) => !(empty as string[]).includes(key)));
}
