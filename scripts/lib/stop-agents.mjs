/**
 * Stops the agents of a project, all at once, and waits for it.
 *
 * @param {ReturnType<typeof import('./api-client.mjs').apiClient>} api
 * @param {string} projectId
 * @returns {Promise<void>}
 */
export async function stopAgents(api, projectId) {
  const { items } = await api('GET', `/projects/${projectId}/agents?limit=200`);
  await Promise.all(
    items.map((/** @type {{ id: string }} */ { id }) =>
      api('POST', `/projects/${projectId}/agents/${id}/actions`, {
        json: { action: 'stop' },
        headers: { prefer: 'wait=20' },
      }),
    ),
  );
}
