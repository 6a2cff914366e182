import type { AgentInstance } from '../../domain/agent-instances/agent-instance.js';
import type { AgentConfiguration } from '../../domain/runtime/agent-connection.js';
import { digestOf } from '../../platform/crypto/digest.js';

/** What an agent is told about itself. */
export function configurationOf(instance: AgentInstance): AgentConfiguration {
  const told = {
    instanceId: instance.id,
    identifier: instance.identifier,
    displayName: instance.displayName,
    role: instance.role,
    soul: instance.soul,
    aieos_identity: instance.aieos_identity,
    systemPrompt: instance.systemPrompt,
    tools: instance.tools,
    config: instance.config,
  };
  return { ...told, digest: digestOf(told) };
}
