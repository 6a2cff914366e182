import { beforeEach, describe, expect, it } from '@jest/globals';
import { newId, type ProjectId, type TemplateId, type TenantId } from '../../domain/ids.js';
import { MOST_ASSIGNMENTS } from '../../domain/projects/project.js';
import { AgentWorld } from '../../../test/support/in-memory/agent-world.js';

describe('ProjectsService', () => {
  let world: AgentWorld;

  beforeEach(() => {
    world = new AgentWorld();
  });

  const create = (name: string, slug?: string) =>
    world.projects.create(world.asking, { name, roleAssignments: [], ...(slug === undefined ? {} : { slug }) });

  it('pins each assignment to the version that is the newest now, unless one is named', async () => {
    const template = world.templates.create();
    world.templates.update(template.id, { soul: 'Newer.' });
    const { value } = await world.projects.create(world.asking, {
      name: 'Web App',
      roleAssignments: [
        { role: 'developer', templateId: template.id },
        { role: 'developer', templateId: template.id, templateVersion: 1 },
      ],
    });
    expect(value.roleAssignments.map(({ templateVersion }) => templateVersion)).toEqual([2, 1]);
  });

  it('names each unknown template by its place, and creates nothing', async () => {
    const { id } = world.templates.create();
    const unknown = newId<TemplateId>();
    await expect(
      world.projects.create(world.asking, {
        name: 'Web App',
        roleAssignments: [
          { role: 'tester', templateId: unknown },
          { role: 'developer', templateId: id },
          { role: 'architect', templateId: unknown },
        ],
      }),
    ).rejects.toMatchObject({
      code: 'TEMPLATES_UNKNOWN',
      faults: [{ pointer: '/roleAssignments/0/templateId' }, { pointer: '/roleAssignments/2/templateId' }],
    });
    expect(world.projectStore.events).toEqual([]);
  });

  it('makes the slug from the name, and asks for one where it cannot', async () => {
    expect((await create('Café au Lait, 2nd!')).value.slug).toBe('cafe-au-lait-2nd');
    await expect(create('日本')).rejects.toMatchObject({ code: 'VALIDATION_FAILED', faults: [{ pointer: '/slug' }] });
  });

  it('keeps a slug for one live project, and frees it with the archive', async () => {
    const { value: first } = await create('Web App');
    await expect(create('web app')).rejects.toMatchObject({ code: 'NAME_TAKEN' });
    await world.projects.archive(world.asking, first.id);
    expect((await create('web app')).value.slug).toBe('web-app');
  });

  it('counts numbers up for each role slug, also where two roles share one', async () => {
    const project = await world.project(['developer', 'dev', 'project_manager', 'qa_lead', 'developer']);
    expect(project.roleAssignments.map(({ identifier }) => identifier)).toEqual([
      'web-app-dev-1',
      'web-app-dev-2',
      'web-app-pm-1',
      'web-app-qa-lead-1',
      'web-app-dev-3',
    ]);
  });

  it('gives each of many assignments made at the same time its own number and agent', async () => {
    const project = await world.project([]);
    const { id: templateId } = world.templates.create();
    await Promise.all(
      Array.from({ length: 3 }, () =>
        world.projects.assign(world.asking, project.id, { role: 'developer', templateId }),
      ),
    );
    const instances = await world.instances.findByProject(project.id, world.tenantId);
    expect(instances.map(({ identifier }) => identifier).sort()).toEqual([
      'web-app-dev-1',
      'web-app-dev-2',
      'web-app-dev-3',
    ]);
  });

  it('refuses more assignments than a project can have', async () => {
    const project = await world.project(Array<string>(MOST_ASSIGNMENTS).fill('developer'));
    const { templateId } = project.roleAssignments[0]!;
    await expect(
      world.projects.assign(world.asking, project.id, { role: 'developer', templateId }),
    ).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
  });

  it('makes no change of a change that changes nothing', async () => {
    const { value } = await create('Web App');
    expect(await world.projects.update(world.asking, value.id, { name: 'Web App', description: '' })).toBe(value);
    const updated = await world.projects.update(world.asking, value.id, { description: 'The shop' }, 1);
    expect(updated).toMatchObject({ revision: 2, description: 'The shop', slug: 'web-app' });
    expect(world.projectStore.events.at(-1)).toMatchObject({ data: { fields: ['description'] } });
    await expect(world.projects.update(world.asking, value.id, { name: 'Other' }, 1)).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
    });
  });

  it('asks every agent of an archived project to go, once', async () => {
    const project = await world.project(['developer', 'tester']);
    await world.projects.archive(world.asking, project.id);
    await world.projects.archive(world.asking, project.id);
    const instances = await world.instances.findByProject(project.id, world.tenantId);
    expect(instances.map(({ lifecycle }) => lifecycle.desired.state)).toEqual(['removed', 'removed']);
    expect(world.instanceStore.events.filter(({ type }) => type === 'lifecycle.requested')).toHaveLength(2);
    await expect(world.projects.update(world.asking, project.id, { name: 'Other' })).rejects.toMatchObject({
      code: 'ARCHIVED',
    });
  });

  it('tells of no project of another tenant', async () => {
    const { value } = await create('Web App');
    await expect(world.projects.get(value.id, newId<TenantId>())).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(world.projects.get(newId<ProjectId>(), world.tenantId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
