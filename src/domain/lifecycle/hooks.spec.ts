import { describe, expect, it } from '@jest/globals';
import { newId, type AgentInstanceId, type InstallationId, type ProjectId, type TenantId } from '../ids.js';
import type { RuntimeSpec } from '../runtime/runtime-spec.js';
import { AGENT_SERVER_LIMITS } from './companion.js';
import { hookContainer, needsCompany } from './hooks.js';

const PLAIN: RuntimeSpec = {
  name: 'muster_web-app_dev-1_0a1b2c3d',
  owner: {
    installation: newId<InstallationId>(),
    tenant: newId<TenantId>(),
    project: newId<ProjectId>(),
    instance: newId<AgentInstanceId>(),
    replica: 0,
  },
  specDigest: 'd1',
  image: 'sha256:agent',
  privateFolder: '/run/agent',
  workspaceFolder: '/workspaces/agent',
  limits: { cpus: 1, memoryMiB: 512, pids: 256, tmpfsMiB: 64 },
  isolation: 'runc',
  gracePeriodSeconds: 4,
  env: { GREETING: 'hello', TOKEN_FILE: '/run/secrets/TOKEN' },
};
const SECRETS = [{ variable: 'TOKEN', secret: 'team/token' }];
const AGENT: RuntimeSpec = { ...PLAIN, secrets: SECRETS, network: 'carried' };
const COMPANION = { spec: { image: 'sha256:muster', limits: AGENT_SERVER_LIMITS }, privateFolder: '/run/hooks' };

describe('the container of a hook', () => {
  it('has the secrets and the network of its agent by a companion with a socket of its own', () => {
    const spec = hookContainer(AGENT, 'install', 'npm ci', COMPANION);
    expect(spec).toMatchObject({
      name: `${AGENT.name}_install`,
      privateFolder: '/run/hooks',
      companion: COMPANION.spec,
      secrets: AGENT.secrets,
      network: 'carried',
      env: { HOME: '/tmp', ...AGENT.env },
      args: [],
    });
    expect(spec.specDigest).not.toBe(AGENT.specDigest);
  });

  it('has neither, and no companion, where it gets none', () => {
    const spec = hookContainer({ ...AGENT, companion: COMPANION.spec }, 'install', 'npm ci', null);
    for (const field of ['companion', 'secrets', 'network']) expect(spec).not.toHaveProperty(field);
    expect(spec.env).toEqual({ HOME: '/tmp', GREETING: 'hello' });
  });

  it.each([
    ['with secrets', { ...PLAIN, secrets: SECRETS }, true],
    ['with a network', { ...PLAIN, network: 'carried' as const }, true],
    ['with neither', PLAIN, false],
    ['whose image needs a companion, with neither', { ...PLAIN, companion: COMPANION.spec }, false],
    ['under gVisor', { ...AGENT, isolation: 'gvisor' as const }, false],
  ])('is judged to need company, or not, for an agent %s', (_which, spec, expected) => {
    expect(needsCompany(spec)).toBe(expected);
  });
});
