import type { TestApp } from './app.js';

export const TEAM_ROLES = ['project_manager', 'architect', 'developer', 'reviewer', 'tester'] as const;

/** A template for each role of the minimum team, with a soul and an identity of its own. By role. */
export async function teamTemplates(app: TestApp): Promise<Record<(typeof TEAM_ROLES)[number], any>> {
  const entries = await Promise.all(
    TEAM_ROLES.map(async (role) => {
      const { status, body } = await app.call('/templates', {
        method: 'POST',
        body: {
          name: role.replace('_', '-'),
          role,
          displayName: `The ${role}`,
          tags: ['team'],
          soul: `I am the ${role}, and I keep my word.`,
          aieos_identity: {
            standard: { protocol: 'AIEOS', version: '1.2.1' },
            identity: { names: { first: role } },
            psychology: { neural_matrix: { creativity: 0.7 } },
          },
          systemPrompt: `You are the ${role} on <%= process.platform %>.`,
          tools: ['fs__file__read', { shell__execute: { allowlist: { ls: true } } }],
          config: { provider: 'echo', model: 'any', skills: 'listening', canWriteCode: role === 'developer' },
        },
      });
      if (status !== 201) throw new Error(`template ${role}: ${status} ${JSON.stringify(body)}`);
      return [role, body] as const;
    }),
  );
  return Object.fromEntries(entries) as Record<(typeof TEAM_ROLES)[number], any>;
}

/** Role assignments for POST /projects, one for each of these templates. */
export const assignmentsOf = (templates: Record<string, { id: string }>): { role: string; templateId: string }[] =>
  Object.entries(templates).map(([role, { id }]) => ({ role, templateId: id }));
