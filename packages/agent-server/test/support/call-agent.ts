import { request, type Agent, type ClientRequest } from 'node:http';

export interface AgentAnswer {
  readonly status: number;
  readonly text: string;
  /** The JSON in it: a test says what it expects there. */
  readonly body: any;
}

/** One request over the socket. A string or Buffer is sent as it is, anything else as JSON. */
export function callAgent(
  socketPath: string,
  method: string,
  path: string,
  body?: unknown,
  onRequest?: (sent: ClientRequest) => void,
  agent: Agent | false = false,
): Promise<AgentAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, method, path, agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode ?? 0, text, body: text === '' ? undefined : JSON.parse(text) });
      });
    });
    sent.on('error', reject);
    onRequest?.(sent);
    const raw = typeof body === 'string' || Buffer.isBuffer(body) || body === undefined;
    sent.end(raw ? body : JSON.stringify(body));
  });
}
