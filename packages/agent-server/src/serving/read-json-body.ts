import type { IncomingMessage } from 'node:http';
import { AgentError } from '../errors.js';
import { MAX_BODY_BYTES } from '../protocol.js';

/** Beyond the limit, so much more is read and thrown away: a sender that still writes would not read the refusal. */
const MAX_DISCARDED_BYTES = 4 * MAX_BODY_BYTES;

/**
 * The whole body, as JSON.
 * @throws AgentError BODY_TOO_LARGE, MALFORMED_REQUEST
 */
export async function readJsonBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  await new Promise<void>((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_BODY_BYTES) chunks.push(chunk);
      else if (size > MAX_DISCARDED_BYTES) reject(tooLarge());
    });
    request.on('end', resolve);
    request.on('error', () => {
      reject(malformed('the connection ended within it'));
    });
  });
  if (size > MAX_BODY_BYTES) throw tooLarge();
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
