import { openSession, type JsonRpcResponse, type McpSession } from './mcp-session.js';

/** Where agents offer MCP unless told otherwise. */
const DEFAULT_PORT = 7000;
const DEFAULT_PATH = '/mcp';
const DEFAULT_TIMEOUT_MS = 60_000;

export interface AgentMcpClientOptions {
  /** The port that the other agents expose for MCP. @default 7000 */
  readonly port?: number;
  /** @default /mcp */
  readonly path?: string;
  /** For each answer. @default 60000 */
  readonly timeoutMs?: number;
}

/** Thrown when an agent answers a list or a read with an error. */
export class AgentMcpError extends Error {
  override readonly name = 'AgentMcpError';

  constructor(
    readonly code: number,
    message: string,
    readonly data?: unknown,
  ) {
    super(message);
  }
}

/**
 * What a program in one agent's container calls the MCP servers of other agents with. Both agents' manifests have to say network
 * mode `project`, and the other one exposes the port at which it serves MCP over HTTP. Needs nothing but Node 20.
 */
export class AgentMcpClient {
  private readonly options: Required<AgentMcpClientOptions>;
  private readonly sessions = new Map<string, Promise<McpSession>>();

  constructor({
    port = DEFAULT_PORT,
    path = DEFAULT_PATH,
    timeoutMs = DEFAULT_TIMEOUT_MS,
  }: AgentMcpClientOptions = {}) {
    this.options = { port, path, timeoutMs };
  }

  /** @param agentName its identifier in the project */
  getAgentMcpUrl(agentName: string): string {
    return `http://${agentName}:${this.options.port}${this.options.path}`;
  }

  /**
   * Calls a tool of another agent.
   * @returns its JSON-RPC response, with `result` or `error`
   * @throws Error when the agent is not reached, or what answers there does not speak MCP
   */
  async callTool(agentName: string, toolName: string, params: object = {}): Promise<JsonRpcResponse> {
    return this.ask(agentName, 'tools/call', { name: toolName, arguments: params });
  }

  /** All of them, however many pages they come in. @throws AgentMcpError, and as callTool */
  async listTools(agentName: string): Promise<unknown[]> {
    const tools: unknown[] = [];
    let cursor: unknown;
    do {
      const page = await this.resultOf(agentName, 'tools/list', cursor === undefined ? {} : { cursor });
      tools.push(...(Array.isArray(page['tools']) ? (page['tools'] as unknown[]) : []));
      cursor = page['nextCursor'];
    } while (typeof cursor === 'string');
    return tools;
  }

  /** @returns the result of resources/read: its `contents`. @throws AgentMcpError, and as callTool */
  async getResource(agentName: string, resourceUri: string): Promise<Readonly<Record<string, unknown>>> {
    return this.resultOf(agentName, 'resources/read', { uri: resourceUri });
  }

  /** Ends its sessions with all agents. */
  async close(): Promise<void> {
    const sessions = [...this.sessions.values()];
    this.sessions.clear();
    await Promise.allSettled(sessions.map(async (session) => (await session).end()));
  }

  private async resultOf(
    agentName: string,
    method: string,
    params: object,
  ): Promise<Readonly<Record<string, unknown>>> {
    const { result, error } = await this.ask(agentName, method, params);
    if (error !== undefined) throw new AgentMcpError(error.code, error.message, error.data);
    return result ?? {};
  }

  private async ask(agentName: string, method: string, params: object): Promise<JsonRpcResponse> {
    const answer = await (await this.sessionWith(agentName)).ask(method, params);
    // Forgotten by an agent that was started anew: the request was not taken, so it is said to a session that is.
    if (answer !== 'session-gone') return answer;
    this.sessions.delete(agentName);
    const again = await (await this.sessionWith(agentName)).ask(method, params);
    if (again !== 'session-gone') return again;
    throw new Error(`${this.getAgentMcpUrl(agentName)} forgets its sessions at once`);
  }

  private async sessionWith(agentName: string): Promise<McpSession> {
    const known = this.sessions.get(agentName);
    if (known !== undefined) return known;
    const opening = openSession(this.getAgentMcpUrl(agentName), this.options.timeoutMs);
    this.sessions.set(agentName, opening);
    try {
      return await opening;
    } catch (error) {
      this.sessions.delete(agentName);
      throw error;
    }
  }
}
