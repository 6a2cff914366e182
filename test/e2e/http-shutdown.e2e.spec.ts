import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { ADMIN_KEY, TestApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';

/** A request whose body is sent in two parts: it is in flight for as long as the test wants. */
function slowRequest(
  app: TestApp,
  body: string,
): { call: ClientRequest; answer: Promise<{ status: number; body: any }> } {
  const call = request(`${app.url}/api/v1/api-keys`, {
    method: 'POST',
    agent: false,
    headers: {
      authorization: `Bearer ${ADMIN_KEY}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    },
  });
  const answer = new Promise<{ status: number; body: any }>((settle, reject) => {
    call.once('error', reject);
    call.once('response', (response: IncomingMessage) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.once('end', () => {
        settle({ status: response.statusCode ?? 0, body: JSON.parse(text) });
      });
    });
  });
  answer.catch(() => undefined);
  call.write(body.slice(0, 5));
  return { call, answer };
}

describe('shutting down', () => {
  const body = JSON.stringify({ name: 'in flight', role: 'viewer' });

  it('finishes what is in flight, refuses what is new, and only then ends', async () => {
    const app = await TestApp.start();
    const { call, answer } = slowRequest(app, body);
    await eventually(async () => {
      // The server has the request as soon as it counts it; a second one then shows that it still serves.
      expect((await app.call('//healthz')).status).toBe(200);
    });
    let ended = false;
    const stopping = app.stop().then(() => (ended = true));
    await eventually(async () => {
      const refused = await app.call('/api-keys/me');
      expect(refused).toMatchObject({ status: 503, body: { code: 'SHUTTING_DOWN', type: '/problems/SHUTTING_DOWN' } });
      expect(refused.headers.get('retry-after')).toBe('5');
    });
    expect(ended).toBe(false);
    call.end(body.slice(5));
    expect(await answer).toMatchObject({ status: 201, body: { name: 'in flight' } });
    await stopping;
    await expect(app.call('//healthz')).rejects.toThrow();
  });

  it('cuts off what outlasts the grace period', async () => {
    const app = await TestApp.start({ SHUTDOWN_GRACE: '0' });
    const { answer } = slowRequest(app, body);
    expect((await app.call('//healthz')).status).toBe(200);
    await app.stop();
    await expect(answer).rejects.toThrow();
  });
});
