import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { INSTALLATION_PERMISSIONS, may, ROLES, type Role } from '../../src/domain/identity/permissions.js';
import { RouteTable } from '../../src/platform/http/route-table.js';
import { ADMIN_KEY, TestApp } from '../support/app.js';

const WITHOUT_BODY = ['GET', 'HEAD', 'DELETE'];

describe.each(Object.keys(ROLES) as Role[])('a key of role %s', (role) => {
  let app: TestApp;
  let foreignAdmin: string;

  beforeAll(async () => {
    app = await TestApp.start();
    const { body } = await app.call('/tenants', { method: 'POST', body: { name: 'another' } });
    foreignAdmin = body.adminKey.key;
  });

  afterAll(async () => {
    await app.stop();
  });

  it.each(['default', 'another'])('may use exactly the routes that its role says, in tenant %s', async (tenant) => {
    const isHome = tenant === 'default';
    const issued = await app.call('/api-keys', {
      method: 'POST',
      body: { name: `a ${role}`, role },
      key: isHome ? ADMIN_KEY : foreignAdmin,
    });
    let refused = 0;
    for (const { method, url, access } of app.app.get(RouteTable).all()) {
      if (access === 'public') continue;
      const allowed = may(role, access) && (isHome || !INSTALLATION_PERMISSIONS.includes(access));
      // Nothing with these ids is there, and no body is what its route wants: who may gets no further than that.
      const path = url.replaceAll(/:(version|revision)\b/g, '1').replaceAll(/:\w+/g, '0'.repeat(24));
      const answer = await fetch(`${app.url}${path}`, {
        method,
        headers: { authorization: `Bearer ${issued.body.key}`, 'content-type': 'application/json' },
        ...(WITHOUT_BODY.includes(method) ? {} : { body: '{}' }),
      });
      const outcome = [200, 404, 415, 422].includes(answer.status) ? 'allowed' : answer.status;
      expect([method, url, outcome]).toEqual([method, url, allowed ? 'allowed' : 403]);
      if (allowed || method === 'HEAD') continue;
      expect(await answer.json()).toMatchObject({ code: 'FORBIDDEN', details: { permission: access, role } });
      refused += 1;
    }
    expect(refused > 0).toBe(role !== 'admin' || !isHome);
  });
});
