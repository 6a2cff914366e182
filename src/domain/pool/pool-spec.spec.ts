import { describe, expect, it } from '@jest/globals';
import { newId } from '../ids.js';
import type { RuntimeSpec } from '../runtime/runtime-spec.js';
import { poolSpecOf } from './pool-spec.js';

const ONE: RuntimeSpec = {
  name: 'muster_web-app_dev-1_00000000',
  owner: { installation: newId(), tenant: newId(), project: newId(), instance: newId(), replica: 0 },
  specDigest: 'a'.repeat(64),
  image: 'sha256:one',
  privateFolder: '/run/one',
  workspaceFolder: '/workspaces/one',
  limits: { cpus: 1, memoryMiB: 512, pids: 64, tmpfsMiB: 16 },
  isolation: 'runc',
  gracePeriodSeconds: 4,
};

describe('what makes two containers interchangeable', () => {
  it('is not whose they are, nor where their folders lie', () => {
    const owner = { ...ONE.owner, instance: newId<typeof ONE.owner.instance>() };
    const other = { ...ONE, owner, name: 'other', specDigest: 'b', privateFolder: '/b', workspaceFolder: '/c' };
    expect(poolSpecOf(other)).toEqual(poolSpecOf(ONE));
    expect(poolSpecOf({ ...ONE, gracePeriodSeconds: 5 })).not.toEqual(poolSpecOf(ONE));
  });

  it('is a place for secrets, and not which ones', () => {
    const [one, other] = ['one', 'other'].map((secret) => poolSpecOf({ ...ONE, secrets: [{ variable: 'A', secret }] }));
    expect(one).toEqual(other);
    expect(one).not.toEqual(poolSpecOf(ONE));
  });

  it.each([
    ['under gVisor', { isolation: 'gvisor' }],
    ['of two containers', { companion: { image: 'sha256:two', limits: ONE.limits } }],
    ['with an environment', { env: { MUSTER_AGENT_ID: 'me' } }],
    ['with folders beside the workspace', { mounts: [{ source: '/a', target: '/code', readOnly: true, own: true }] }],
  ] as const)('is nothing for one %s: none waits in a pool', (_what, own) => {
    expect(poolSpecOf({ ...ONE, ...own })).toBeNull();
  });
});
