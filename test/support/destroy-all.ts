import { expect } from '@jest/globals';
import type { TestApp } from './app.js';
import { eventually } from './eventually.js';

/** Every agent of the app, and waits until they are gone. @param keys of the tenants that have agents; the app's own unless given */
export async function destroyAll(app: TestApp, keys: readonly (string | undefined)[] = [undefined]): Promise<void> {
  for (const key of keys) {
    const as = key === undefined ? {} : { key };
    for (let cursor: string | null = ''; cursor !== null;) {
      const { body } = await app.call(`/projects?limit=200${cursor && `&cursor=${cursor}`}`, as);
      for (const { id } of body.items) await app.call(`/projects/${id}`, { method: 'DELETE', ...as });
      cursor = body.nextCursor;
    }
  }
  await eventually(async () => {
    expect(await app.database.db.collection('agent_instances').countDocuments({ removedAt: null })).toBe(0);
  });
}
