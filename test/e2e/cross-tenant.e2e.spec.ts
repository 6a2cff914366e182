import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ObjectId, type Document } from 'mongodb';
import { RouteTable, type Route } from '../../src/platform/http/route-table.js';
import { TestApp, type Answer, type Request } from '../support/app.js';
import { AGENT_BUNDLE } from '../support/engine.js';
import { EventClient } from '../support/event-client.js';
import { eventually } from '../support/eventually.js';
import { RECIPES, SHARED_NAME, type Estate, type Recipe } from '../support/route-recipes.js';

type Method = NonNullable<Request['method']>;

interface Waiting {
  readonly outbox?: readonly unknown[];
  readonly pendingSnapshots?: readonly unknown[];
}

describe('two tenants', () => {
  let app: TestApp;
  let theirs: Estate;
  let mine: Estate;

  beforeAll(async () => {
    app = await TestApp.start({ AGENT_BUNDLE });
    theirs = await furnish('theirs');
    mine = await furnish('mine');
  });

  afterAll(async () => {
    for (const { key, projectId } of [theirs, mine])
      await app.call(`/projects/${projectId}`, { method: 'DELETE', key });
    await eventually(async () => {
      expect(await app.database.db.collection('agent_instances').countDocuments({ removedAt: null })).toBe(0);
    });
    await app.stop();
  });

  const routes = (): readonly Route[] =>
    app.app
      .get(RouteTable)
      .all()
      .filter(({ url }) => !url.startsWith('/docs'));
  /** HEAD is answered where GET is. */
  const nameOf = ({ method, url }: Route): string => `${method === 'HEAD' ? 'GET' : method} ${url}`;
  const recipeOf = (route: Route): Recipe => RECIPES[nameOf(route)] ?? { kind: 'public' };
  const routesOf = <K extends Recipe['kind']>(kind: K): readonly (Route & { recipe: Recipe & { kind: K } })[] =>
    routes().flatMap((route) => {
      const recipe = recipeOf(route);
      return recipe.kind === kind ? [{ ...route, recipe: recipe as Recipe & { kind: K } }] : [];
    });

  /** Documents of every kind, all really made; its agent is stopped again, so that nothing changes by itself. */
  async function furnish(name: string): Promise<Estate> {
    const tenant = await app.call('/tenants', { method: 'POST', body: { name } });
    const { key } = tenant.body.adminKey as { key: string };
    const ask = async (method: Method, path: string, body: unknown): Promise<any> => {
      const answer = await app.call(path, { method, body, key });
      expect([path, answer.status, answer.body?.code]).toEqual([path, expect.any(Number), undefined]);
      return answer.body;
    };
    const viewer = await ask('POST', '/api-keys', { name: 'a viewer', role: 'viewer' });
    const config = { provider: 'echo', model: 'any' };
    const template = await ask('POST', '/templates', { name: SHARED_NAME, role: 'developer', soul: 'One.', config });
    await ask('PATCH', `/templates/${template.id}`, { soul: 'Two.' });
    const seat = { role: 'developer', templateId: template.id };
    const project = await ask('POST', '/projects', { name: 'Same name', roleAssignments: [seat, seat] });
    const agentId = project.roleAssignments[0].instanceId as string;
    const agent = `/projects/${project.id}/agents/${agentId}`;
    await ask('PATCH', agent, { soul: 'Edited.' });
    await ask('POST', `${agent}/actions`, { action: 'start' });
    const run = await ask('POST', `${agent}/runs`, { type: 'prompt', input: 'Who are you?' });
    expect(run).toMatchObject({ status: 'passed' });
    await ask('POST', `${agent}/actions`, { action: 'stop' });
    const snapshot = await ask('POST', `${agent}/snapshots`, { target: 'archive' });
    const secretName = `secret-of-${name}`;
    for (const whose of ['', `/projects/${project.id}`]) {
      await ask('PUT', `${whose}/secrets/${secretName}`, { value: `A secret of ${name}.` });
    }
    return {
      tenantId: tenant.body.id,
      key,
      apiKeyId: viewer.id,
      templateId: template.id,
      projectId: project.id,
      agentId,
      runId: run.id,
      snapshotId: snapshot.id,
      secretName,
    };
  }

  /** A route's path with ids: `outer` owns what contains, `inner` what is contained. */
  function fill(url: string, outer: Estate, inner: Estate): string {
    const id = url.includes('/templates/')
      ? inner.templateId
      : url.includes('/api-keys/')
        ? inner.apiKeyId
        : url.includes(':projectId') || url.includes('/agent/')
          ? inner.agentId
          : inner.projectId;
    return url
      .replace('/api/v1', '')
      .replace(':projectId', outer.projectId)
      .replace(/:id\b/, id)
      .replace(':runId', inner.runId)
      .replace(':snapshotId', inner.snapshotId)
      .replace(':terminalId', '0'.repeat(24))
      .replace(':name', inner.secretName)
      .replace(/:(version|revision)\b/, '1');
  }

  /** The agent-manager's lists are named for what they hold. */
  const itemsOf = ({ body }: Answer): { id: string }[] => body.items ?? body.templates;

  const withQuery = (path: string, { query }: { query?: string }): string => (query ? `${path}?${query}` : path);

  /** Every path of a route in which something is theirs. */
  function foreignPaths(url: string): string[] {
    const paths = [fill(url, theirs, theirs)];
    if (url.includes(':projectId/agents/:id')) paths.push(fill(url, mine, theirs), fill(url, theirs, mine));
    if (url.includes(':runId')) paths.push(fill(url, mine, { ...mine, runId: theirs.runId }));
    // A name of theirs is free for mine.
    if (url.includes(':projectId/secrets/:name')) paths.push(fill(url, theirs, mine));
    if (url.includes(':snapshotId')) paths.push(fill(url, mine, { ...mine, snapshotId: theirs.snapshotId }));
    return paths;
  }

  const withoutTheirIds = (text: string): string =>
    Object.values(theirs).reduce<string>((rest, id) => rest.replaceAll(id as string, '0'.repeat(24)), text);

  async function send(method: string, path: string, key: string, body?: object, bytes?: string): Promise<Answer> {
    const raw = bytes === undefined ? {} : { body: 'bytes', headers: { 'content-type': bytes } };
    if (method !== 'HEAD') return app.call(path, { method: method as Method, key, ...(body && { body }), ...raw });
    const { status, headers } = await fetch(`${app.url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${key}` },
    });
    return { status, headers, body: undefined };
  }

  /** All that a tenant has in the database, but for the leases, which come and go. */
  async function estateInDatabase({ tenantId }: Estate): Promise<Record<string, Document[]>> {
    const { db } = app.database;
    const collections = (await db.listCollections().toArray()).map(({ name }) => name).sort();
    const id = new ObjectId(tenantId);
    const found = collections
      .filter((name) => name !== 'event_log_leases')
      .map(async (name) => {
        const filter = { $or: [{ _id: id }, { tenantId: id }, { tenantId }] };
        return [
          name,
          await db
            .collection(name)
            .find(filter, { projection: { lease: 0 } })
            .sort({ _id: 1 })
            .toArray(),
        ];
      });
    return Object.fromEntries(await Promise.all(found)) as Record<string, Document[]>;
  }

  /** The same, once the log has everything and no agent is on its way. */
  const settledEstate = async (estate: Estate): Promise<Record<string, Document[]>> =>
    eventually(async () => {
      const found = await estateInDatabase(estate);
      const waiting = Object.values(found)
        .flat()
        .filter(({ outbox = [], pendingSnapshots = [] }: Waiting) => outbox.length + pendingSnapshots.length > 0);
      expect(waiting).toEqual([]);
      return found;
    });

  it('are tried on every route: each has a recipe, and each recipe a route', () => {
    const served = new Set(routes().map(nameOf));
    expect([...served].filter((route) => !(route in RECIPES))).toEqual([]);
    expect(Object.keys(RECIPES).filter((route) => !served.has(route))).toEqual([]);
    for (const { access, ...route } of routes()) {
      expect([nameOf({ access, ...route }), recipeOf({ access, ...route }).kind === 'public']).toEqual([
        nameOf({ access, ...route }),
        access === 'public',
      ]);
    }
  });

  it('have documents of every kind', async () => {
    const kinds = Object.entries(await settledEstate(theirs)).filter(([, documents]) => documents.length > 0);
    expect(kinds.map(([name]) => name)).toEqual([
      'agent_instances',
      'agent_snapshots',
      'api_keys',
      'event_log',
      'instance_revisions',
      'projects',
      'quota_ledgers',
      'runs',
      'secrets',
      'template_versions',
      'templates',
      'tenants',
    ]);
  });

  it('find nothing of each other under any path, and change nothing', async () => {
    const before = await settledEstate(theirs);
    for (const { method, url, recipe } of routesOf('document')) {
      for (const foreign of foreignPaths(url)) {
        const path = withQuery(foreign, recipe);
        const { status, body, headers } = await send(method, path, mine.key, recipe.body?.(mine), recipe.bytes);
        expect([method, path, status]).toEqual([method, path, 404]);
        expect([method, path, headers.get('etag')]).toEqual([method, path, null]);
        if (method === 'HEAD') continue;
        expect(body).toMatchObject({ code: 'NOT_FOUND' });
        // What is another's cannot be told from what is not there.
        const missing = await send(method, withoutTheirIds(path), mine.key, recipe.body?.(mine), recipe.bytes);
        expect([path, withoutTheirIds(body.detail as string)]).toEqual([path, missing.body.detail]);
      }
    }
    expect(await settledEstate(theirs)).toEqual(before);
  });

  it('cannot make anything of what the other has', async () => {
    const before = await Promise.all([settledEstate(theirs), settledEstate(mine)]);
    for (const { method, url, recipe } of routesOf('reference')) {
      const answer = await send(method, fill(url, mine, mine), mine.key, recipe.body(theirs));
      expect([url, answer.status, answer.body.code]).toEqual([url, 422, recipe.code ?? 'TEMPLATES_UNKNOWN']);
      expect(answer.body.errors).toMatchObject(recipe.pointers.map((pointer) => ({ pointer })));
    }
    const assign = `/projects/${mine.projectId}/role-assignments`;
    const answer = await send('POST', assign, mine.key, { role: 'tester', templateId: theirs.templateId });
    expect(answer).toMatchObject({
      status: 422,
      body: { code: 'TEMPLATES_UNKNOWN', errors: [{ pointer: '/templateId' }] },
    });
    expect(await Promise.all([settledEstate(theirs), settledEstate(mine)])).toEqual(before);
  });

  it('list their own', async () => {
    const { body } = await app.call('/tenants', { method: 'POST', body: { name: 'nobody-yet' } });
    const { id, key } = body.adminKey as { id: string; key: string };
    for (const { method, url } of routesOf('list').filter((route) => route.method === 'GET')) {
      for (const query of ['', '?limit=200']) {
        const empty = await send(method, `${url.replace('/api/v1', '')}${query}`, key);
        const items = itemsOf(empty).filter((item) => item.id !== id);
        const cursor: unknown = 'templates' in empty.body ? empty.body.next_cursor : empty.body.nextCursor;
        expect([url, empty.status, items, cursor]).toEqual([url, 200, [], null]);
        const own = await send(method, `${url.replace('/api/v1', '')}${query}`, mine.key);
        expect([url, itemsOf(own).length > 0]).toEqual([url, true]);
        for (const foreign of Object.values(theirs)) expect(JSON.stringify(own.body)).not.toContain(foreign);
      }
    }
  });

  it('see what happened to them, and to nobody else', async () => {
    for (const { url } of routesOf('log').filter((route) => route.method === 'GET')) {
      const own = await send('GET', `${url.replace('/api/v1', '')}?limit=200`, mine.key);
      expect([url, own.body.items.length > 10, own.body.nextCursor]).toEqual([url, true, null]);
      for (const foreign of Object.values(theirs)) expect(JSON.stringify(own.body)).not.toContain(foreign);
      for (const id of [theirs.agentId, theirs.projectId, theirs.tenantId]) {
        const about = await send('GET', `${url.replace('/api/v1', '')}?subject=${id}`, mine.key);
        expect(about.body).toEqual({ items: [], nextCursor: null });
      }
    }
    expect(routesOf('stream').filter(({ method }) => method === 'GET').map(({ url }) => url)).toEqual(['/api/v1/events']); // prettier-ignore
    const stream = await EventClient.follow(app.url, { key: mine.key, query: '?after=0' });
    await app.call('/api-keys', { method: 'POST', body: { name: 'next', role: 'viewer' }, key: theirs.key });
    const { body } = await app.call('/api-keys', {
      method: 'POST',
      body: { name: 'last', role: 'viewer' },
      key: mine.key,
    });
    await stream.until(({ events }) => events.some(({ subject }) => subject.id === body.id));
    stream.leave();
    for (const foreign of Object.values(theirs)) expect(JSON.stringify(stream.events)).not.toContain(foreign);
  });

  it("cannot go on in the other's lists", async () => {
    const page = await send('GET', '/api-keys?limit=1', theirs.key);
    const { body } = await send('GET', `/api-keys?cursor=${page.body.nextCursor}`, mine.key);
    for (const foreign of Object.values(theirs)) expect(JSON.stringify(body)).not.toContain(foreign);
  });

  it('are told who they are, and no more', async () => {
    for (const { method, url } of routesOf('self').filter((route) => route.method === 'GET')) {
      const { status, body } = await send(method, url.replace('/api/v1', ''), mine.key);
      expect([url, status]).toEqual([url, 200]);
      if (url.endsWith('/me')) expect(body.role).toBe('admin');
      for (const foreign of Object.values(theirs)) expect(JSON.stringify(body)).not.toContain(foreign);
    }
  });

  it('share an Idempotency-Key without sharing an answer', async () => {
    const ask = async (key: string): Promise<Answer> =>
      app.call('/api-keys', {
        method: 'POST',
        body: { name: 'once', role: 'viewer' },
        headers: { 'idempotency-key': 'the-same-for-both' },
        key,
      });
    const [one, other] = [await ask(theirs.key), await ask(mine.key)];
    expect([one.status, other.status, other.headers.get('idempotency-replayed')]).toEqual([201, 201, null]);
    expect(other.body.id).not.toBe(one.body.id);
  });

  it('may use the same names', async () => {
    const { body } = await app.call('/tenants', { method: 'POST', body: { name: 'namesake' } });
    const { key } = body.adminKey as { key: string };
    for (const { method, url, recipe } of routesOf('create')) {
      const { status } = await send(method, url.replace('/api/v1', ''), key, recipe.body);
      expect([url, status]).toEqual([url, 201]);
    }
  });

  it('do not decide over the installation', async () => {
    for (const { method, url, recipe } of routesOf('installation').filter((route) => route.method !== 'HEAD')) {
      const path = url.startsWith('/api/v1/') ? url.replace('/api/v1', '') : `/${url}`;
      const { status, body } = await send(method, path, mine.key, recipe.body);
      expect([url, status, body.code]).toEqual([url, 403, 'FORBIDDEN']);
    }
  });

  // Last, because it takes apart what the others look at.
  it('are let through on the very same paths when they are their own', async () => {
    // What is contained is deleted before what contains it.
    const rank = ({ method, url }: Route): number => (method === 'DELETE' ? 1000 - url.length : 0);
    for (const { method, url, recipe } of [...routesOf('document')].sort((a, b) => rank(a) - rank(b))) {
      const path = withQuery(fill(url, theirs, theirs), recipe);
      const { status, body } = await send(method, path, theirs.key, recipe.body?.(theirs), recipe.bytes);
      expect([method, path, status, body?.code]).toEqual([
        method,
        path,
        status,
        method === 'HEAD' ? undefined : recipe.refusal,
      ]);
    }
  });
});
