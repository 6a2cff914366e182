import type { IncomingMessage } from 'node:http';
import { AgentError } from '../errors.js';
import { MAX_BODY_BYTES } from '../protocol.js';

/**
 * The whole body, as JSON.
 * @throws AgentError BODY_TOO_LARGE without reading to its end, MALFORMED_REQUEST
 */
export async function readJsonBody(request: IncomingMessage): Promise<unknown> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  await new Promise<void>((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_BODY_BYTES) {
        request.pause();
        reject(tooLarge());
        return;
      }
      chunks.push(chunk);
    });
    request.on('end', resolve);
    request.on('error', () => {
      reject(malformed('the connection ended within it'));
    });
  });
  return parse(Buffer.concat(chunks, size));
}

function parse(bytes: Buffer): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw malformed('it is not UTF-8');
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // V8's own message would quote the body
    throw malformed('it is not JSON');
  }
}

const tooLarge = (): AgentError => new AgentError('BODY_TOO_LARGE', `The body is larger than ${MAX_BODY_BYTES} bytes.`);
const malformed = (why: string): AgentError => new AgentError('MALFORMED_REQUEST', `The body cannot be read: ${why}.`);
