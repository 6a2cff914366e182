import { request } from 'node:http';
import type { Socket } from 'node:net';
import type { ProbeRequest, ProbeResponse } from '../protocol.js';
import { connectLoopback } from './connect-loopback.js';

const BAD_STATUS = 400;

/** Looks once; whatever is there, the answer is one of few words. */
export async function runProbe({ port, path, timeoutMs }: ProbeRequest, cancel: AbortSignal): Promise<ProbeResponse> {
  const limit = AbortSignal.timeout(timeoutMs);
  const signal = AbortSignal.any([limit, cancel]);
  let socket: Socket | undefined;
  try {
    socket = await connectLoopback(port, signal);
    if (path === null) return { result: 'ok', status: null };
    const status = await statusOf(socket, path, port, signal);
    return { result: status < BAD_STATUS ? 'ok' : 'status', status };
  } catch {
    if (limit.aborted) return { result: 'timeout', status: null };
    return { result: socket === undefined ? 'refused' : 'broken', status: null };
  } finally {
    socket?.destroy();
  }
}

/** Only the status is read, and no redirection is followed. */
function statusOf(socket: Socket, path: string, port: number, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request({
      createConnection: () => socket,
      method: 'GET',
      path,
      headers: { host: `localhost:${port}`, 'user-agent': 'muster-health', connection: 'close' },
      signal,
    });
    asked.once('response', (response) => {
      response.destroy();
      resolve(response.statusCode ?? 0);
    });
    asked.once('upgrade', (_response, upgraded) => {
      upgraded.destroy();
      reject(new Error('upgraded'));
    });
    asked.on('error', reject);
    asked.end();
  });
}
