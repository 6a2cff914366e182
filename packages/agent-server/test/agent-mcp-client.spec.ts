import { afterEach, describe, expect, it } from '@jest/globals';
import { McpServer, WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { AgentMcpClient } from '../src/client/index.js';

const TOOLS = ['one', 'two', 'three'];

/** An MCP server of the official SDK: with sessions and streams, or without either. */
function newServer(): McpServer {
  const mcp = new McpServer({ name: 'tools', version: '1' }, { capabilities: { tools: {}, resources: {} } });
  const { server } = mcp;
  server.setRequestHandler('tools/list', ({ params }) => {
    const at = Number(params?.cursor ?? 0);
    return {
      tools: [{ name: TOOLS[at]!, inputSchema: { type: 'object' } }],
      ...(at + 1 < TOOLS.length ? { nextCursor: String(at + 1) } : {}),
    };
  });
  server.setRequestHandler('tools/call', ({ params }) => {
    if (params.name !== 'one') throw new Error(`no tool ${params.name}`);
    return { content: [{ type: 'text', text: JSON.stringify(params.arguments) }] };
  });
  server.setRequestHandler('resources/read', ({ params }) => {
    if (params.uri !== 'file:///a') throw new Error(`no resource ${params.uri}`);
    return { contents: [{ uri: params.uri, text: 'A' }] };
  });
  return mcp;
}

type Sessions = Map<string, WebStandardStreamableHTTPServerTransport>;

async function transportFor(request: Request, sessions: Sessions, hasSessions: boolean) {
  const known = request.headers.get('mcp-session-id');
  if (known !== null) return sessions.get(known) ?? null;
  const transport = new WebStandardStreamableHTTPServerTransport(
    hasSessions
      ? {
          sessionIdGenerator: () => randomUUID(),
          onsessioninitialized: (id) => void sessions.set(id, transport),
          onsessionclosed: (id) => void sessions.delete(id),
        }
      : { enableJsonResponse: true },
  );
  await newServer().connect(transport);
  return transport;
}

async function toRequest(message: IncomingMessage): Promise<Request> {
  const body = await text(message);
  return new Request(`http://${message.headers.host ?? ''}${message.url ?? ''}`, {
    method: message.method ?? 'GET',
    headers: message.headers as Record<string, string>,
    ...(body === '' ? {} : { body }),
  });
}

describe('the client for MCP between agents', () => {
  const opened: HttpServer[] = [];
  afterEach(() => {
    for (const server of opened.splice(0)) server.close().closeAllConnections();
  });

  async function serve(hasSessions: boolean): Promise<{ port: number; sessions: Sessions; asked: string[] }> {
    const sessions: Sessions = new Map();
    const asked: string[] = [];
    const server = createServer((message, response) => {
      void (async () => {
        const request = await toRequest(message);
        asked.push(`${request.method} ${new URL(request.url).pathname}`);
        const transport = await transportFor(request, sessions, hasSessions);
        const answer =
          transport === null ? new Response(null, { status: 404 }) : await transport.handleRequest(request);
        response.writeHead(answer.status, Object.fromEntries(answer.headers));
        if (answer.body !== null) for await (const piece of answer.body) response.write(piece);
        response.end();
      })();
    });
    opened.push(server);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return { port: (server.address() as AddressInfo).port, sessions, asked };
  }

  it.each([
    ['with sessions and streams', true],
    ['without sessions, in plain JSON', false],
  ])('speaks with a server %s', async (_how, hasSessions) => {
    const { port, sessions, asked } = await serve(hasSessions);
    const client = new AgentMcpClient({ port });
    expect(client.getAgentMcpUrl('127.0.0.1')).toBe(`http://127.0.0.1:${port}/mcp`);
    expect(await client.callTool('127.0.0.1', 'one', { of: 'é' })).toMatchObject({
      jsonrpc: '2.0',
      result: { content: [{ type: 'text', text: '{"of":"é"}' }] },
    });
    expect((await client.callTool('127.0.0.1', 'four')).error).toMatchObject({ message: 'no tool four' });
    expect(await client.listTools('127.0.0.1')).toMatchObject(TOOLS.map((name) => ({ name })));
    expect(await client.getResource('127.0.0.1', 'file:///a')).toMatchObject({ contents: [{ text: 'A' }] });
    await expect(client.getResource('127.0.0.1', 'file:///b')).rejects.toMatchObject({
      name: 'AgentMcpError',
      message: 'no resource file:///b',
    });
    expect(sessions.size).toBe(hasSessions ? 1 : 0);
    await client.close();
    expect(sessions.size).toBe(0);
    expect(new Set(asked)).toEqual(new Set(hasSessions ? ['POST /mcp', 'DELETE /mcp'] : ['POST /mcp']));
  });

  it('begins anew with a server that has forgotten it', async () => {
    const { port, sessions } = await serve(true);
    const client = new AgentMcpClient({ port });
    await client.listTools('127.0.0.1');
    sessions.clear();
    expect((await client.callTool('127.0.0.1', 'one')).result).toBeDefined();
    expect(sessions.size).toBe(1);
  });

  it('says who is not there, or is no MCP server, and tries again the next time', async () => {
    const { port } = await serve(true);
    const client = new AgentMcpClient({ port });
    await expect(client.listTools('127.0.0.2')).rejects.toThrow('fetch failed');
    const other = new AgentMcpClient({ port: await portOfAPage() });
    await expect(other.listTools('127.0.0.1')).rejects.toThrow('/mcp refused to begin: status 200');
    expect(await client.listTools('127.0.0.1')).toHaveLength(3);
  });

  async function portOfAPage(): Promise<number> {
    const page = createServer((_request, response) => response.end('<h1>hello</h1>'));
    opened.push(page);
    await once(page.listen(0, '127.0.0.1'), 'listening');
    return (page.address() as AddressInfo).port;
  }
});
