import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ObjectId } from 'mongodb';
import { RouteTable } from '../../src/platform/http/route-table.js';
import { TestApp, type Request } from '../support/app.js';

/** What a tenant has, by the names of the routes' parameters. */
interface Belongings {
  readonly key: string;
  readonly apiKeyId: string;
  readonly templateId: string;
  readonly projectId: string;
  readonly agentId: string;
  readonly runId: string;
}

/** A body that each changing route would take from its owner, so that nothing but the tenant stands in the way. */
const BODIES: Record<string, (theirs: Belongings) => object> = {
  'PUT /api/v1/templates/:id': () => ({ name: 'mine-now', role: 'developer' }),
  'PATCH /api/v1/templates/:id': () => ({ soul: 'Mine now.' }),
  'PATCH /api/v1/projects/:id': () => ({ description: 'Mine now.' }),
  'POST /api/v1/projects/:id/role-assignments': ({ templateId }) => ({ role: 'developer', templateId }),
  'PATCH /api/v1/projects/:projectId/agents/:id': () => ({ soul: 'Mine now.' }),
  'POST /api/v1/projects/:projectId/agents/:id/actions': () => ({ action: 'start' }),
  'POST /api/v1/projects/:projectId/agents/:id/runs': () => ({ type: 'prompt', input: 'Whose are you?' }),
};

/** Routes that name nothing of a tenant in their path; each is looked at by itself below. */
const WITHOUT_IDS = [
  'POST /api/v1/api-keys',
  'GET /api/v1/api-keys',
  'GET /api/v1/api-keys/me',
  'POST /api/v1/tenants',
  'POST /api/v1/templates',
  'POST /api/v1/templates/import',
  'GET /api/v1/templates',
  'POST /api/v1/projects',
  'GET /api/v1/projects',
];

describe('tenants', () => {
  let app: TestApp;
  let mine: Belongings;
  let theirs: Belongings;

  async function furnish(name: string): Promise<Belongings> {
    const post = async (path: string, body: object, key?: string): Promise<any> => {
      const answer = await app.call(path, { method: 'POST', body, ...(key !== undefined && { key }) });
      expect([path, answer.status]).toEqual([path, 201]);
      return answer.body;
    };
    const { id: tenantId, adminKey } = await post('/tenants', { name });
    const key = adminKey.key as string;
    const template = await post('/templates', { name: 'same-name', role: 'developer', soul: 'A soul.' }, key);
    const project = await post(
      '/projects',
      { name: 'Same name', roleAssignments: [{ role: 'developer', templateId: template.id }] },
      key,
    );
    const agentId = project.roleAssignments[0].instanceId as string;
    const runId = new ObjectId();
    await app.database.db.collection('runs').insertOne({
      _id: runId,
      tenantId: new ObjectId(tenantId as string),
      instanceId: new ObjectId(agentId),
      outbox: [],
    });
    return {
      key,
      apiKeyId: adminKey.id,
      templateId: template.id,
      projectId: project.id,
      agentId,
      runId: runId.toHexString(),
    };
  }

  const routes = (): string[] =>
    app.app
      .get(RouteTable)
      .all()
      .filter(({ method, access }) => method !== 'HEAD' && access !== 'public')
      .map(({ method, url }) => `${method} ${url}`);

  /** The ids of a route's path, from `outer` for what contains and from `inner` for what is contained. */
  function fill(url: string, outer: Belongings, inner: Belongings): string {
    const own = url.includes('/templates/') ? inner.templateId : url.includes('/api-keys/') ? inner.apiKeyId : null;
    const id = own ?? (url.includes(':projectId') ? inner.agentId : inner.projectId);
    return url
      .replace('/api/v1', '')
      .replace(':projectId', outer.projectId)
      .replace(':runId', inner.runId)
      .replace(/:(version|revision)\b/, '1')
      .replace(':id', id);
  }

  beforeAll(async () => {
    app = await TestApp.start();
    mine = await furnish('mine');
    theirs = await furnish('theirs');
  });

  afterAll(async () => {
    await app.stop();
  });

  it('have every route either named here or with ids in its path', () => {
    const unknown = routes().filter((route) => !route.includes(':') && !WITHOUT_IDS.includes(route));
    expect(unknown).toEqual([]);
  });

  it('cannot reach each other by any route, whoever owns which part of the path', async () => {
    const before = await snapshotOf(theirs);
    for (const route of routes().filter((candidate) => candidate.includes(':'))) {
      const [method, url] = route.split(' ') as [NonNullable<Request['method']>, string];
      const withBody = ['PUT', 'PATCH', 'POST'].includes(method) && !url.endsWith('/restore');
      const body = BODIES[route]?.(mine);
      // A new route that changes something needs a body here that its owner could send.
      expect([route, !withBody || body !== undefined]).toEqual([route, true]);
      const paths = [fill(url, theirs, theirs)];
      if (url.includes(':projectId/agents/:id')) paths.push(fill(url, mine, theirs), fill(url, theirs, mine));
      if (url.includes(':runId')) paths.push(fill(url, mine, { ...mine, runId: theirs.runId }));
      for (const path of new Set(paths)) {
        const { status, body: answer } = await app.call(path, { method, key: mine.key, ...(body && { body }) });
        expect([method, path, status, answer?.code]).toEqual([method, path, 404, 'NOT_FOUND']);
      }
    }
    expect(await snapshotOf(theirs)).toEqual(before);
  });

  it('do not see each other in lists', async () => {
    for (const path of ['/templates', '/projects', '/api-keys', '/templates?q=same']) {
      const { status, body } = await app.call(path, { key: mine.key });
      expect([path, status]).toEqual([path, 200]);
      expect(body.items.length).toBeGreaterThan(0);
      for (const id of Object.values(theirs)) expect(JSON.stringify(body)).not.toContain(id);
    }
  });

  it("cannot make agents from each other's templates", async () => {
    const assignment = { role: 'developer', templateId: theirs.templateId };
    const created = await app.call('/projects', {
      method: 'POST',
      key: mine.key,
      body: { name: 'stolen', roleAssignments: [assignment] },
    });
    expect(created).toMatchObject({ status: 422, body: { code: 'TEMPLATES_UNKNOWN' } });
    const assigned = await app.call(`/projects/${mine.projectId}/role-assignments`, {
      method: 'POST',
      key: mine.key,
      body: assignment,
    });
    expect(assigned).toMatchObject({ status: 422, body: { code: 'TEMPLATES_UNKNOWN' } });
  });

  it('may use the same names', () => {
    expect(mine.templateId).not.toBe(theirs.templateId);
  });

  /** All that a tenant has, as it lies in the database. */
  async function snapshotOf({ templateId, projectId, agentId, apiKeyId, runId }: Belongings): Promise<unknown[]> {
    const find = async (collection: string, id: string): Promise<unknown> =>
      app.database.db.collection(collection).findOne({ _id: new ObjectId(id) }, { projection: { outbox: 0 } });
    return Promise.all([
      find('templates', templateId),
      find('projects', projectId),
      find('agent_instances', agentId),
      find('api_keys', apiKeyId),
      find('runs', runId),
    ]);
  }
});
