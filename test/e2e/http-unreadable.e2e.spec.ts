import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { TestApp } from '../support/app.js';

describe('requests that are none', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start();
  });

  afterAll(async () => {
    await app.stop();
  });

  /** What comes back for these bytes until the server ends the connection. */
  const send = async (bytes: string): Promise<{ head: string; body: string }> => {
    const { hostname, port } = new URL(app.url);
    const socket = connect(Number(port), hostname);
    socket.write(bytes);
    const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n', 2);
    return { head, body };
  };

  it.each([
    ['no HTTP', 'HELO example.org\r\n\r\n'],
    [
      'two lengths',
      'POST /api/v1/templates HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['a header without end', `GET /healthz HTTP/1.1\r\nHost: a\r\nX-Long: ${'a'.repeat(70_000)}\r\n\r\n`],
    ['a line feed alone', 'GET /healthz HTTP/1.1\nHost: a\n\n'],
  ])('are refused with a problem, and the connection ends: %s', async (_what, bytes) => {
    const { head, body } = await send(bytes);
    expect(head).toMatch(/^HTTP\/1\.1 400 /);
    expect(head).toContain('content-type: application/problem+json');
    expect(head).toContain('connection: close');
    expect(JSON.parse(body)).toMatchObject({ code: 'MALFORMED_REQUEST', status: 400 });
  });

  it('have a time in which they must have come whole', () => {
    expect(app.app.getHttpServer()).toMatchObject({ requestTimeout: 0, headersTimeout: 60_000 });
  });
});
