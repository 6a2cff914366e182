import { describe, expect, it } from '@jest/globals';
import fastify from 'fastify';
import { RouteTable } from './route-table.js';

const answer = (): string => 'ok';

describe('RouteTable', () => {
  it('knows every route and its rule', () => {
    const table = new RouteTable();
    const server = fastify({ exposeHeadRoutes: false });
    table.register(server);
    server.get('/open', { config: { muster: { access: 'public' } } }, answer);
    server.post('/closed/:id', { config: { muster: { access: 'projects:write' } } }, answer);
    server.get('/docs/openapi.json', answer);
    expect(table.all()).toEqual([
      { method: 'GET', url: '/open', access: 'public' },
      { method: 'POST', url: '/closed/:id', access: 'projects:write' },
      { method: 'GET', url: '/docs/openapi.json', access: 'public' },
    ]);
    expect(() => {
      table.assertEveryRouteHasARule();
    }).not.toThrow();
  });

  it('names every route that has none, so that Muster does not start with it', () => {
    const table = new RouteTable();
    const server = fastify({ exposeHeadRoutes: false });
    table.register(server);
    server.get('/forgotten', answer);
    server.route({
      method: ['PUT', 'PATCH'],
      url: '/docsy',
      config: { muster: { etagField: 'version' } },
      handler: answer,
    });
    expect(() => {
      table.assertEveryRouteHasARule();
    }).toThrow('GET /forgotten, PUT /docsy, PATCH /docsy');
  });
});
