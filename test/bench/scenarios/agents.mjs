/**
 * So many agents with a project each, not started.
 *
 * @param {import('../../../scripts/lib/api-client.mjs').apiClient extends (...args: any[]) => infer T ? T : never} api
 * @param {{ name: string, count: number, manifest?: object }} wanted
 * @returns {Promise<{ projectId: string, path: string }[]>}
 */
export async function newAgents(api, { name, count, manifest = {} }) {
  const template = await api('POST', '/templates', {
    json: { name, role: 'developer', config: { provider: 'echo', model: 'none' }, manifest },
  });
  return Promise.all(
    Array.from({ length: count }, async (_none, index) => {
      const { id, roleAssignments } = await api('POST', '/projects', {
        json: { name: `${name} ${index}`, roleAssignments: [{ role: 'developer', templateId: template.id }] },
      });
      return { projectId: id, path: `/projects/${id}/agents/${roleAssignments[0].instanceId}` };
    }),
  );
}
