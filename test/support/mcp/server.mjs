import { Server } from '@modelcontextprotocol/server';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/** An MCP server as people write them: it knows nothing of Muster. Its tools do what a bridge has to carry. */
const server = new Server(
  { name: 'test-tools', version: '1.0.0' },
  { capabilities: { tools: { listChanged: true }, logging: {} } },
);
let counted = 0;

const said = (text) => ({ content: [{ type: 'text', text }] });

const TOOLS = {
  echo: ({ text }) => said(text),
  /** What is only this process's. */
  count: () => said(`${(counted += 1)} in ${process.pid}`),
  large: ({ bytes }) => said('x'.repeat(bytes)),
  progress: async (_arguments, context) => {
    for (const progress of [1, 2, 3]) {
      const { progressToken } = context.mcpReq._meta;
      await context.mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total: 3 } });
    }
    return said('done');
  },
  ask: async (_arguments, context) => {
    const content = { type: 'text', text: 'What is the answer?' };
    const answer = await context.mcpReq.requestSampling({ messages: [{ role: 'user', content }], maxTokens: 10 });
    return said(`the client says: ${answer.content.text}`);
  },
  /** Once nothing is asked any more. */
  announce: () => {
    setTimeout(() => void server.sendToolListChanged(), 100);
    return said('soon');
  },
  wait: async (_arguments, context) => {
    process.stderr.write('waiting\n');
    await sleep(600_000, undefined, { signal: context.mcpReq.signal });
    return said('waited');
  },
  /** A process that does not end with its parent. */
  leave: () => {
    spawn('sleep', ['7654'], { detached: true, stdio: 'ignore' }).unref();
    return said('left');
  },
  exit: ({ code }) => {
    process.stderr.write('That was too much.\n');
    process.exit(code);
  },
  where: () => said(`${process.cwd()} ${process.env.GREETING ?? ''}`.trim()),
};

server.setRequestHandler('tools/list', () => ({
  tools: Object.keys(TOOLS).map((name) => ({ name, inputSchema: { type: 'object' } })),
}));
server.setRequestHandler('tools/call', ({ params }, context) => TOOLS[params.name](params.arguments ?? {}, context));
await server.connect(new StdioServerTransport());
