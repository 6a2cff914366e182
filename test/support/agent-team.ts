import type { TestApp } from './app.js';

/** An agent of a project of its own, made over the API. */
export interface TestAgent {
  readonly projectId: string;
  readonly id: string;
  /** `/projects/…/agents/…` */
  readonly path: string;
}

export interface AgentWishes {
  readonly soul?: string;
  readonly systemPrompt?: string;
  readonly provider?: string;
  readonly manifest?: object;
  readonly count?: number;
}

let made = 0;

/** Agents from one template, in one project. */
export async function agentsOf(app: TestApp, wishes: AgentWishes = {}): Promise<TestAgent[]> {
  const name = `agent-${++made}-${Date.now()}`;
  const template = await app.call('/templates', {
    method: 'POST',
    body: {
      name,
      role: 'developer',
      soul: wishes.soul ?? 'I am Ada.',
      systemPrompt: wishes.systemPrompt ?? 'You run on <%= process.platform %>.',
      config: { provider: wishes.provider ?? 'echo', model: 'any' },
      manifest: wishes.manifest ?? {},
    },
  });
  if (template.status !== 201) throw new Error(JSON.stringify(template.body));
  const seat = { role: 'developer', templateId: template.body.id };
  const project = await app.call('/projects', {
    method: 'POST',
    body: { name, roleAssignments: Array.from({ length: wishes.count ?? 1 }, () => seat) },
  });
  if (project.status !== 201) throw new Error(JSON.stringify(project.body));
  const { id: projectId, roleAssignments } = project.body as { id: string; roleAssignments: { instanceId: string }[] };
  return roleAssignments.map(({ instanceId }) => ({
    projectId,
    id: instanceId,
    path: `/projects/${projectId}/agents/${instanceId}`,
  }));
}

export async function agentOf(app: TestApp, wishes: AgentWishes = {}): Promise<TestAgent> {
  return (await agentsOf(app, wishes))[0]!;
}
