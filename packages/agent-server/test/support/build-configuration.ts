import { createHash } from 'node:crypto';
import type { ConfigureRequest } from '../../src/protocol.js';

/** A configuration that works, with what the test is about put in. */
export function buildConfiguration(changes: Partial<ConfigureRequest> = {}): ConfigureRequest {
  const content = {
    instanceId: '65f000000000000000000001',
    identifier: 'web-app-dev-1',
    displayName: 'Dev',
    role: 'developer',
    soul: '',
    aieos_identity: null,
    systemPrompt: '',
    tools: [],
    config: { model: 'any', provider: 'echo', skills: '', canWriteCode: false, mcpServers: [] },
    ...changes,
  };
  return { ...content, digest: createHash('sha256').update(JSON.stringify(content)).digest('hex') };
}
