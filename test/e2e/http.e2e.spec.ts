import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RefusalLog } from '../../src/platform/http/refusal-log.js';
import { RouteTable } from '../../src/platform/http/route-table.js';
import { TestApp, type Answer } from '../support/app.js';

describe('the HTTP layer', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start({ BODY_LIMIT: '4096' });
  });

  afterAll(async () => {
    await app.stop();
  });

  const expectProblem = (answer: Answer, status: number, code: string): void => {
    expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({
      type: `/problems/${code}`,
      title: expect.any(String),
      status,
      detail: expect.any(String),
      instance: expect.stringMatching(/^\//),
      code,
      traceId: answer.headers.get('x-request-id'),
    });
  };

  describe('routes', () => {
    it('each say who may use them', () => {
      const routes = app.app.get(RouteTable).all();
      expect(routes.length).toBeGreaterThan(20);
      for (const { method, url, access } of routes) {
        expect({ method, url, access }).toMatchObject({ access: expect.stringMatching(/^(public|[a-z-]+:[a-z]+)$/) });
      }
    });

    it('are public only where that is meant', () => {
      const open = app.app
        .get(RouteTable)
        .all()
        .filter(({ access, url }) => access === 'public' && !url.startsWith('/docs'))
        .map(({ url }) => url);
      expect(new Set(open)).toEqual(
        new Set(['/healthz', '/readyz', '/problems/:code', '/api/v1/schemas/manifest.json']),
      );
    });

    it('refuse everybody without a key, every one of them', async () => {
      const closed = app.app
        .get(RouteTable)
        .all()
        .filter(({ access }) => access !== 'public');
      for (const { method, url } of closed) {
        const path = url.replaceAll(/:\w+/g, '66f2a1c09b1e8a4d3c5f7a10');
        const answer = await fetch(`${app.url}${path}`, { method });
        expect([method, url, answer.status]).toEqual([method, url, 401]);
      }
    });
  });

  describe('problems', () => {
    it('tell a route that is not there', async () => {
      expectProblem(await app.call('/nothing-here'), 404, 'ROUTE_NOT_FOUND');
      expectProblem(await app.call('//nothing-here?x=1', { key: null }), 404, 'ROUTE_NOT_FOUND');
      expectProblem(await app.call('/api-keys', { method: 'PUT', body: {} }), 404, 'ROUTE_NOT_FOUND');
    });

    it('do not repeat the query in instance', async () => {
      const { body } = await app.call('/nothing-here?token=secret');
      expect(body.instance).toBe('/api/v1/nothing-here');
    });

    it('tell a body that is no JSON', async () => {
      expectProblem(await app.call('/api-keys', { method: 'POST', body: '{"name":' }), 400, 'MALFORMED_REQUEST');
    });

    it('tell a body that would change prototypes', async () => {
      const body = '{"name":"x","role":"viewer","__proto__":{"admin":true}}';
      expectProblem(await app.call('/api-keys', { method: 'POST', body }), 400, 'MALFORMED_REQUEST');
    });

    it('tell a body that is not there', async () => {
      const answer = await app.call('/api-keys', { method: 'POST', headers: { 'content-type': 'application/json' } });
      expectProblem(answer, 422, 'VALIDATION_FAILED');
    });

    it('tell a body that is too long', async () => {
      const body = { name: 'x'.repeat(5000), role: 'viewer' };
      expectProblem(await app.call('/api-keys', { method: 'POST', body }), 413, 'BODY_TOO_LARGE');
    });

    it('tell a content type that is not understood', async () => {
      const headers = { 'content-type': 'application/xml' };
      expectProblem(
        await app.call('/api-keys', { method: 'POST', body: '<a/>', headers }),
        415,
        'UNSUPPORTED_MEDIA_TYPE',
      );
    });

    it('tell an address that cannot be decoded', async () => {
      expectProblem(await app.call('/api-keys/%zz'), 400, 'MALFORMED_REQUEST');
    });

    it('tell an id that is none, by the name of its parameter', async () => {
      const answer = await app.call('/api-keys/not-an-id');
      expectProblem(answer, 422, 'VALIDATION_FAILED');
      expect(answer.body.errors).toEqual([{ pointer: 'id', detail: 'must be an id: 24 lower-case hex digits' }]);
    });

    it('tell query parameters that are not known or out of bounds, all at once', async () => {
      const answer = await app.call('/api-keys?limit=0&colour=red&cursor=%20');
      expectProblem(answer, 422, 'VALIDATION_FAILED');
      expect((answer.body.errors as { pointer: string }[]).map(({ pointer }) => pointer).sort()).toEqual([
        'colour',
        'cursor',
        'limit',
      ]);
    });

    it('have a page each, where type leads', async () => {
      const { body } = await app.call('/nothing-here');
      const page = await app.call(`/${body.type}`, { key: null });
      expect(page.status).toBe(200);
      expect(page.headers.get('content-type')).toBe('text/markdown; charset=utf-8');
      expect(page.body).toContain('# ROUTE_NOT_FOUND');
    });

    it.each(['NO_SUCH_CODE', '..%2f..%2fREADME', 'constructor'])('have no page for %s', async (code) => {
      expectProblem(await app.call(`//problems/${code}`, { key: null }), 404, 'NOT_FOUND');
    });
  });

  describe('request ids', () => {
    it('are taken from the client when they can stand in a log', async () => {
      const answer = await app.call('//healthz', { headers: { 'x-request-id': 'trace-0123456789' } });
      expect(answer.headers.get('x-request-id')).toBe('trace-0123456789');
    });

    it.each(['short', 'with spaces in it', 'x'.repeat(200), '{"json":"in here"}'])(
      'are made when it is %j',
      async (id) => {
        const answer = await app.call('//healthz', { headers: { 'x-request-id': id } });
        expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
      },
    );
  });

  it('sends security headers with every answer, refusals included', async () => {
    for (const answer of [await app.call('//healthz'), await app.call('/api-keys/me', { key: null })]) {
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      expect(answer.headers.get('x-frame-options')).toBe('DENY');
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(answer.headers.get('x-powered-by')).toBeNull();
    }
  });

  describe('entity tags', () => {
    it('spare a client what it has already', async () => {
      const made = await app.call('/templates', { method: 'POST', body: { name: 'tagged', role: 'developer' } });
      const path = `/templates/${made.body.id}/versions/1`;
      const first = await app.call(path);
      expect(first.headers.get('etag')).toBe('"1"');
      for (const known of ['"1"', 'W/"1"', '"7", "1"', '*']) {
        const again = await app.call(path, { headers: { 'if-none-match': known } });
        expect([known, again.status, again.body, again.headers.get('etag')]).toEqual([known, 304, undefined, '"1"']);
      }
      expect((await app.call(path, { headers: { 'if-none-match': '"2"' } })).status).toBe(200);
    });

    it('spare nobody what changes beside them', async () => {
      const made = await app.call('/templates', { method: 'POST', body: { name: 'archived', role: 'developer' } });
      const path = `/templates/${made.body.id}`;
      await app.call(path, { method: 'DELETE' });
      const again = await app.call(path, { headers: { 'if-none-match': '"1"' } });
      expect([again.status, again.headers.get('etag')]).toEqual([200, '"1"']);
      expect(again.body.archivedAt).toEqual(expect.any(String));
    });

    it('are not sent with a problem', async () => {
      expect((await app.call('/templates/66f2a1c09b1e8a4d3c5f7a10')).headers.get('etag')).toBeNull();
    });

    it.each(['1', 'W/"1"', '"one"', '"1", "2"'])('refuse If-Match: %s', async (header) => {
      const path = '/templates/66f2a1c09b1e8a4d3c5f7a10';
      const refused = await app.call(path, { method: 'PATCH', body: {}, headers: { 'if-match': header } });
      expect(refused.status).toBe(422);
      expect(refused.body.errors).toMatchObject([{ pointer: 'If-Match' }]);
    });
  });

  it('counts refusals by key and route, and appends the counts to the log', async () => {
    const { body } = await app.call('/api-keys', { method: 'POST', body: { name: 'curious', role: 'viewer' } });
    const refusals = app.app.get(RefusalLog);
    await refusals.flush();
    for (let time = 1; time <= 3; time += 1) await app.call('/api-keys', { key: body.key });
    await app.call('/api-keys/66f2a1c09b1e8a4d3c5f7a10', { key: null });
    await refusals.flush();
    const logged = await app.database.db.collection('event_log').find({ type: 'access.refused' }).toArray();
    expect(logged.map(({ data }) => data as unknown)).toEqual(
      expect.arrayContaining([
        { route: 'GET /api/v1/api-keys', status: 403, count: 3, apiKeyId: body.id },
        { route: 'GET /api/v1/api-keys/:id', status: 401, count: 1, apiKeyId: null },
      ]),
    );
  });

  describe('health', () => {
    it('says that the process lives', async () => {
      expect(await app.call('//healthz', { key: null })).toMatchObject({ status: 200, body: { status: 'ok' } });
    });

    it('says what is used and whether it can be, to anybody, so without addresses and paths', async () => {
      const answer = await app.call('//readyz', { key: null });
      expect(answer.body).toEqual({
        status: 'ok',
        checks: [
          { name: 'database', status: 'ok', detail: 'external (MONGODB_URI is set)' },
          { name: 'runtime', status: 'ok', detail: expect.stringMatching(/^process \(Node.js \S+\)$/) },
        ],
      });
    });
  });

  describe('the documentation', () => {
    it('describes every route of the API, and what it needs', async () => {
      const { body } = await app.call('//docs/openapi.json', { key: null });
      const described = new Set(
        Object.entries(body.paths as Record<string, object>).flatMap(([path, item]) =>
          Object.keys(item).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
        ),
      );
      const routes = app.app
        .get(RouteTable)
        .all()
        .filter(({ method, url }) => method !== 'HEAD' && !url.startsWith('/docs'))
        .map(({ method, url }) => `${method} ${url}`);
      expect(routes.filter((route) => !described.has(route))).toEqual([]);
      expect(body.paths['/api/v1/api-keys'].post).toMatchObject({
        security: [{ 'api-key': [] }],
        description: expect.stringContaining('api-keys:manage'),
        responses: { 201: {}, 401: {}, 403: {}, 422: {} },
      });
    });

    it('is the same for the same code', async () => {
      const other = await TestApp.start();
      try {
        const texts = await Promise.all(
          [app, other].map(async ({ url }) => (await fetch(`${url}/docs/openapi.json`)).text()),
        );
        expect(texts[0]).toBe(texts[1]);
      } finally {
        await other.stop();
      }
    });

    it('has a page that needs nothing the security headers forbid', async () => {
      const { body } = await app.call('//docs', { key: null });
      expect(body).not.toMatch(/<script(?![^>]*\bsrc=)[^>]*>\s*\S/);
      expect(body).not.toMatch(/(src|href)="https?:/);
      for (const asset of ['swagger-ui-bundle.js', 'swagger-ui-init.js', 'swagger-ui.css']) {
        expect((await fetch(`${app.url}/docs/${asset}`)).status).toBe(200);
      }
    });
  });
});
