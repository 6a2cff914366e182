import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestApp, type Answer } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { assignmentsOf, TEAM_ROLES, teamTemplates } from '../support/team.js';

const UNKNOWN = '0'.repeat(24);

/** Where the faults are; a place can have more than one. */
const pointersOf = ({ body }: Answer): string[] => [
  ...new Set((body.errors as { pointer: string }[]).map(({ pointer }) => pointer)),
];

describe('projects over HTTP', () => {
  let app: TestApp;
  let templates: Awaited<ReturnType<typeof teamTemplates>>;

  beforeAll(async () => {
    app = await TestApp.start();
    templates = await teamTemplates(app);
  });

  afterAll(async () => {
    await app.stop();
  });

  const create = async (body: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
    app.call('/projects', { method: 'POST', body, headers });
  const patch = async (id: unknown, body: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
    app.call(`/projects/${String(id)}`, { method: 'PATCH', body, headers });

  it('are created with their assignments, identifiers and ETag', async () => {
    const { status, headers, body } = await create({
      name: 'Web App',
      description: 'The shop',
      roleAssignments: [
        { role: 'developer', templateId: templates.developer.id, displayName: 'Ada', tags: ['frontend'] },
        { role: 'developer', templateId: templates.developer.id },
      ],
    });
    expect(status).toBe(201);
    expect(headers.get('etag')).toBe('"1"');
    expect(body).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{24}$/),
      name: 'Web App',
      slug: 'web-app',
      description: 'The shop',
      autostart: false,
      roleAssignments: [
        {
          role: 'developer',
          templateId: templates.developer.id,
          templateVersion: 1,
          displayName: 'Ada',
          tags: ['frontend'],
          identifier: 'web-app-dev-1',
          instanceId: expect.stringMatching(/^[0-9a-f]{24}$/),
          assignedAt: body.createdAt,
          forkedFrom: null,
        },
        expect.objectContaining({ identifier: 'web-app-dev-2', displayName: null, tags: [] }),
      ],
      team: { complete: false, missingRoles: ['project_manager', 'architect', 'reviewer', 'tester'] },
      revision: 1,
      createdAt: body.createdAt,
      updatedAt: body.createdAt,
      archivedAt: null,
      snapshotsPending: false,
    });
    expect({ ...(await app.call(`/projects/${body.id}`)).body, snapshotsPending: false }).toEqual(body);
    const agents = (await app.call(`/projects/${body.id}/agents`)).body;
    expect(agents.items).toHaveLength(2);
    expect(agents.items).toContainEqual(
      expect.objectContaining({ identifier: 'web-app-dev-1', displayName: 'Ada', tags: ['team', 'frontend'] }),
    );
  });

  it('report the minimum team as complete, and do not enforce it', async () => {
    const complete = await create({ name: 'Complete', roleAssignments: assignmentsOf(templates) });
    expect(complete.body.team).toEqual({ complete: true, missingRoles: [] });
    const empty = await create({ name: 'Nobody' });
    expect(empty.status).toBe(201);
    expect(empty.body.team).toEqual({ complete: false, missingRoles: [...TEAM_ROLES] });
  });

  it('name each unknown template by its place, and are not created then', async () => {
    const answer = await create({
      name: 'Half known',
      roleAssignments: [
        { role: 'developer', templateId: UNKNOWN },
        { role: 'tester', templateId: templates.tester.id },
        { role: 'reviewer', templateId: templates.reviewer.id, templateVersion: 9 },
      ],
    });
    expect(answer.status).toBe(422);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.body.code).toBe('TEMPLATES_UNKNOWN');
    expect(pointersOf(answer)).toEqual(['/roleAssignments/0/templateId', '/roleAssignments/2/templateId']);
    expect(await app.database.db.collection('projects').countDocuments({ name: 'Half known' })).toBe(0);
  });

  it('list every fault of a body at once', async () => {
    const answer = await create({
      name: '',
      slug: 'Not A Slug',
      surprise: true,
      roleAssignments: [{ role: 'Développeur', templateId: 'x', templateVersion: 0, displayName: null }],
    });
    expect(answer.status).toBe(422);
    expect(answer.body.code).toBe('VALIDATION_FAILED');
    expect(pointersOf(answer)).toEqual(
      expect.arrayContaining([
        '/name',
        '/slug',
        '/surprise',
        '/roleAssignments/0/role',
        '/roleAssignments/0/templateId',
        '/roleAssignments/0/templateVersion',
        '/roleAssignments/0/displayName',
      ]),
    );
  });

  it('refuse more assignments than a project can have', async () => {
    const { status, body } = await create({
      name: 'Crowd',
      roleAssignments: Array.from({ length: 101 }, () => ({ role: 'tester', templateId: templates.tester.id })),
    });
    expect(status).toBe(422);
    expect(body.errors).toMatchObject([{ pointer: '/roleAssignments' }]);
  });

  it('keep their slug to themselves', async () => {
    expect((await create({ name: 'Only one' })).status).toBe(201);
    const { status, body } = await create({ name: 'ONLY ONE!' });
    expect(status).toBe(409);
    expect(body).toMatchObject({ code: 'NAME_TAKEN' });
    expect((await create({ name: 'Only one', slug: 'only-another' })).status).toBe(201);
  });

  it('are created once for one idempotency key', async () => {
    const request = { name: 'Once', roleAssignments: assignmentsOf({ tester: templates.tester }) };
    const headers = { 'idempotency-key': 'create-once' };
    const first = await create(request, headers);
    const second = await create(request, headers);
    expect(second.status).toBe(201);
    expect(second.body).toEqual(first.body);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect((await app.call(`/projects/${first.body.id}/agents`)).body.items).toHaveLength(1);
  });

  it('are changed under If-Match, and stay as they are when nothing changes', async () => {
    const { body: project } = await create({ name: 'Changing' });
    const changed = await patch(project.id, { description: 'new' }, { 'if-match': '"1"' });
    expect(changed.status).toBe(200);
    expect(changed.headers.get('etag')).toBe('"2"');
    expect(changed.body).toMatchObject({ name: 'Changing', slug: 'changing', description: 'new', revision: 2 });
    const stale = await patch(project.id, { description: 'newer' }, { 'if-match': '"1"' });
    expect(stale.status).toBe(412);
    expect(stale.body.code).toBe('PRECONDITION_FAILED');
    expect((await patch(project.id, { description: 'new' })).body.revision).toBe(2);
    const faulty = await patch(project.id, { name: null, slug: 'other' });
    expect(faulty.status).toBe(422);
    expect(pointersOf(faulty).sort()).toEqual(['/name', '/slug']);
  });

  it('take further assignments, each with an agent of its own', async () => {
    const { body: project } = await create({ name: 'Growing' });
    const grown = await app.call(`/projects/${project.id}/role-assignments`, {
      method: 'POST',
      body: { role: 'developer', templateId: templates.developer.id },
    });
    expect(grown.status).toBe(201);
    expect(grown.headers.get('etag')).toBe('"2"');
    expect(grown.body).toMatchObject({ snapshotsPending: false, roleAssignments: [{ identifier: 'growing-dev-1' }] });
    expect((await app.call(`/projects/${project.id}/agents`)).body.items).toMatchObject([
      { id: grown.body.roleAssignments[0].instanceId, identifier: 'growing-dev-1' },
    ]);
    const unknown = await app.call(`/projects/${project.id}/role-assignments`, {
      method: 'POST',
      body: { role: 'developer', templateId: UNKNOWN },
    });
    expect(unknown.status).toBe(422);
    expect(unknown.body).toMatchObject({ code: 'TEMPLATES_UNKNOWN', errors: [{ pointer: '/templateId' }] });
  });

  it('take twenty assignments at once, one after another', async () => {
    const project = (await create({ name: 'Crowd', roleAssignments: [] })).body;
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        app.call(`/projects/${project.id}/role-assignments`, {
          method: 'POST',
          body: { role: 'developer', templateId: templates.developer.id },
        }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array<number>(20).fill(201));
    const { roleAssignments } = (await app.call(`/projects/${project.id}`)).body as {
      roleAssignments: { identifier: string }[];
    };
    expect(new Set(roleAssignments.map(({ identifier }) => identifier)).size).toBe(20);
  });

  it('come in pages, newest first', async () => {
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { body }: Answer = await app.call(`/projects?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
      expect(body.items.length).toBeLessThanOrEqual(2);
      seen.push(...(body.items as { id: string }[]).map(({ id }) => id));
      cursor = body.nextCursor;
    }
    expect(seen).toEqual([...seen].sort().reverse());
    expect(seen).toHaveLength(await app.database.db.collection('projects').countDocuments({ archivedAt: null }));
    for (const query of ['cursor=nonsense', 'limit=0', 'limit=201']) {
      expect((await app.call(`/projects?${query}`)).status).toBe(422);
    }
  });

  it('are archived: their agents go, their slug is free, they can be read and no longer changed', async () => {
    const { body: project } = await create({ name: 'Leaving', roleAssignments: assignmentsOf(templates) });
    const gone = await app.call(`/projects/${project.id}`, { method: 'DELETE' });
    expect(gone.status).toBe(202);
    await eventually(async () => {
      expect((await app.call(`/projects/${project.id}/agents`)).body.items).toEqual([]);
    });
    const { body: archived } = await app.call(`/projects/${project.id}`);
    expect(archived.archivedAt).not.toBeNull();
    const changed = await patch(project.id, { name: 'Back' });
    expect(changed.status).toBe(409);
    expect(changed.body.code).toBe('ARCHIVED');
    const { body: list } = await app.call('/projects?limit=200');
    expect(list.items).not.toContainEqual(expect.objectContaining({ id: project.id }));
    expect((await create({ name: 'Leaving' })).status).toBe(201);
    const { body: empty } = await create({ name: 'Empty' });
    expect((await app.call(`/projects/${empty.id}`, { method: 'DELETE' })).status).toBe(204);
  });

  it('answer 404 for what is not there, and 422 for what is no id', async () => {
    for (const [method, path] of [
      ['GET', ''],
      ['PATCH', ''],
      ['DELETE', ''],
      ['GET', '/agents'],
    ] as const) {
      const body = method === 'PATCH' ? { name: 'x' } : undefined;
      const missing = await app.call(`/projects/${UNKNOWN}${path}`, { method, ...(body && { body }) });
      expect([missing.status, missing.body.code]).toEqual([404, 'NOT_FOUND']);
      expect((await app.call(`/projects/nonsense${path}`, { method, ...(body && { body }) })).status).toBe(422);
    }
  });
});
