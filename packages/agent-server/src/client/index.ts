/** What programs in a container find as /Agent/client/AgentMcpClient.mjs. */
export { AgentMcpClient, AgentMcpError, type AgentMcpClientOptions } from './agent-mcp-client.js';
