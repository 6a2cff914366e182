import { Client, StreamableHTTPClientTransport, type ClientOptions } from '@modelcontextprotocol/client';
import { ADMIN_KEY } from '../app.js';

/** The official SDK's client, in front of an agent. */
export class McpUser {
  private constructor(
    readonly client: Client,
    readonly transport: StreamableHTTPClientTransport,
  ) {}

  /** @param url of the Muster @param path of the agent, as in `/projects/…/agents/…` */
  static async connect(
    url: string,
    path: string,
    {
      key = ADMIN_KEY,
      query = '',
      prepare,
      ...options
    }: ClientOptions & { key?: string; query?: string; prepare?: (client: Client) => void } = {},
  ): Promise<McpUser> {
    const transport = new StreamableHTTPClientTransport(new URL(`${url}/api/v1${path}/mcp${query}`), {
      requestInit: { headers: { authorization: `Bearer ${key}` } },
    });
    const client = new Client({ name: 'a-test', version: '1.0.0' }, options);
    prepare?.(client);
    try {
      await client.connect(transport);
    } catch (error) {
      await client.close();
      throw error;
    }
    return new McpUser(client, transport);
  }

  get sessionId(): string {
    return this.transport.sessionId ?? '';
  }

  /** The text that a tool answers with. */
  async call(name: string, parameters: Record<string, unknown> = {}): Promise<string> {
    const { content } = await this.client.callTool({ name, arguments: parameters });
    const [first] = content as { text: string }[];
    return first?.text ?? '';
  }

  /** Ends the session, then the client. */
  async end(): Promise<void> {
    await this.transport.terminateSession();
    await this.client.close();
  }
}
