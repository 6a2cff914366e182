import { expect } from '@jest/globals';
import type { TestApp } from './app.js';
import { eventually } from './eventually.js';

/** Every agent of the app, and waits until they are gone. */
export async function destroyAll(app: TestApp): Promise<void> {
  for (const { id } of (await app.call('/projects?limit=200')).body.items) {
    await app.call(`/projects/${id}`, { method: 'DELETE' });
  }
  await eventually(async () => {
    expect(await app.database.db.collection('agent_instances').countDocuments({ removedAt: null })).toBe(0);
  });
}
