import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AgentInstanceDto } from '../../src/modules/agent-instances/dto/agent-instance.dto.js';
import { TestApp } from '../support/app.js';
import { assignmentsOf, TEAM_ROLES, teamTemplates } from '../support/team.js';

/** The acceptance criteria of agent instance snapshot creation, in their own words. */
describe('agent instance snapshot creation', () => {
  let app: TestApp;
  let templates: Awaited<ReturnType<typeof teamTemplates>>;
  let project: any;
  let agents: AgentInstanceDto[];

  const read = async (path: string): Promise<any> => (await app.call(path)).body;
  const agentOf = async (role: string): Promise<any> =>
    read(`/projects/${project.id}/agents/${agents.find((agent) => agent.role === role)?.id}`);

  beforeAll(async () => {
    app = await TestApp.start();
    templates = await teamTemplates(app);
    const created = await app.call('/projects', {
      method: 'POST',
      body: { name: 'Web App', roleAssignments: assignmentsOf(templates) },
    });
    expect(created.status).toBe(201);
    project = created.body;
    agents = (await read(`/projects/${project.id}/agents`)).items;
  });

  afterAll(async () => {
    await app.stop();
  });

  it('creates 5 AgentInstance documents when a project is created with 5 role assignments', async () => {
    expect(agents).toHaveLength(5);
    expect(agents.map(({ role }) => role).sort()).toEqual([...TEAM_ROLES].sort());
    expect(await app.database.db.collection('agent_instances').countDocuments({})).toBe(5);
    const assigned = project.roleAssignments as { instanceId: string }[];
    expect(agents.map(({ id }) => id).sort()).toEqual(assigned.map(({ instanceId }) => instanceId).sort());
  });

  it("gives each AgentInstance a full copy of the template's soul and aieos_identity at snapshot time", () => {
    for (const agent of agents) {
      const template = templates[agent.role as (typeof TEAM_ROLES)[number]];
      expect(agent).toMatchObject({
        templateId: template.id,
        templateVersion: 1,
        templateDigest: template.digest,
        displayName: template.displayName,
        tags: template.tags,
        soul: template.soul,
        systemPrompt: template.systemPrompt,
        manifest: template.manifest,
        pid: null,
        status: 'idle',
        revision: 1,
      });
      expect(agent.aieos_identity).toEqual(template.aieos_identity);
      expect(agent.tools).toEqual(template.tools);
      expect(agent.config).toEqual(template.config);
    }
  });

  it('does NOT affect existing AgentInstances when the original AgentTemplate is updated', async () => {
    const before = await agentOf('architect');
    const updated = await app.call(`/templates/${templates.architect.id}`, {
      method: 'PATCH',
      body: { soul: 'I have changed my mind.', aieos_identity: { changed: true }, systemPrompt: 'Other.' },
    });
    expect(updated.status).toBe(200);
    expect(updated.body.version).toBe(2);
    expect(await agentOf('architect')).toEqual(before);
  });

  it("does NOT affect the AgentTemplate when an AgentInstance's soul/identity is updated", async () => {
    const before = await read(`/templates/${templates.tester.id}`);
    const others = await Promise.all(TEAM_ROLES.filter((role) => role !== 'tester').map(agentOf));
    const { id } = await agentOf('tester');
    const edited = await app.call(`/projects/${project.id}/agents/${id}`, {
      method: 'PATCH',
      body: { soul: 'I test at night.', aieos_identity: { identity: { names: { first: 'Noor' } } } },
    });
    expect(edited.status).toBe(200);
    expect(await agentOf('tester')).toMatchObject({
      soul: 'I test at night.',
      aieos_identity: { identity: { names: { first: 'Noor' } } },
      revision: 2,
    });
    expect(await read(`/templates/${templates.tester.id}`)).toEqual(before);
    expect(await Promise.all(TEAM_ROLES.filter((role) => role !== 'tester').map(agentOf))).toEqual(others);
  });

  it('computes workspacePath as /artifacts/{projectId}/workspaces/{instanceId}/', () => {
    for (const agent of agents) {
      expect(agent.workspacePath).toBe(`/artifacts/${project.id}/workspaces/${agent.id}/`);
    }
  });

  it('makes the identifier unique within a project', async () => {
    expect(agents.map(({ identifier }) => identifier).sort()).toEqual([
      'web-app-architect-1',
      'web-app-dev-1',
      'web-app-pm-1',
      'web-app-reviewer-1',
      'web-app-tester-1',
    ]);
    const second = await app.call(`/projects/${project.id}/role-assignments`, {
      method: 'POST',
      body: { role: 'developer', templateId: templates.developer.id },
    });
    expect(second.status).toBe(201);
    expect(second.body.roleAssignments[5].identifier).toBe('web-app-dev-2');
    const taken = app.database.db
      .collection('agent_instances')
      .updateOne({ identifier: 'web-app-dev-2' }, { $set: { identifier: 'web-app-dev-1' } });
    await expect(taken).rejects.toMatchObject({ code: 11000 });
  });
});
