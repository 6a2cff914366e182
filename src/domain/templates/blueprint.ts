import type { JsonObject, JsonValue } from '../json.js';
import type { Manifest } from './manifest.js';

/** An MCP server the agent may use. */
export interface McpServer {
  readonly name: string;
  /** http(s) address, or a command started inside the container. */
  readonly url?: string;
  readonly command?: string;
  readonly args?: readonly string[];
}

export interface AgentConfig {
  readonly model: string;
  readonly provider: string;
  readonly skills: string;
  readonly canWriteCode: boolean;
  readonly mcpServers: readonly McpServer[];
}

/** A tool's id, or an object with one key (the id) whose value configures it, as daemon/v1 files write it. */
export type ToolReference = JsonValue;

/** What a snapshot copies whole, so that no later template edit can reach it. */
export interface Blueprint {
  readonly soul: string;
  /** An AIEOS document, stored as given; null when the template has none. */
  readonly aieos_identity: JsonObject | null;
  /** EJS source. Never evaluated in the API process. */
  readonly systemPrompt: string;
  readonly tools: readonly ToolReference[];
  readonly config: AgentConfig;
  readonly manifest: Manifest;
}
