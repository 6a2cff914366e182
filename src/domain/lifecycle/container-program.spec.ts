import { describe, expect, it } from '@jest/globals';
import { environmentOf, programOf } from './container-program.js';

const owner = { id: '66f2a1c09b1e8a4d3c5f7a12', identifier: 'web-app-dev-1', projectSlug: 'web-app' };

describe("a container's program", () => {
  it("is the image's where the manifest says nothing, and is told nothing", () => {
    expect(programOf({ image: 'muster/agent' }, owner)).toEqual({});
  });

  it.each([
    ['its image has no agent-server', {}, true, undefined],
    ['it publishes ports', { ports: [{ containerPort: 80 }, { containerPort: 81 }] }, false, '80'],
    ['it exposes ports', { network: { mode: 'project', expose: [90] } }, false, '90'],
    ['it is asked at a port', { health: { kind: 'tcp', port: 70 } }, true, '70'],
    ['it says where it comes from', { repoName: 'basic' }, false, undefined],
  ] as const)('is told who it is where %s', (_where, manifest, hasCompanion, port) => {
    const { env } = programOf(manifest, owner, new Set(), { hasCompanion });
    expect(env).toMatchObject({ MUSTER_AGENT_NAME: 'web-app-dev-1', WORKSPACE_PATH: '/workspace' });
    expect(env?.['AGENT_PORT']).toBe(port);
    expect(env?.['PLOINKY_REPO_NAME']).toBe('repoName' in manifest ? 'basic' : 'web-app');
  });

  it('is told nothing by what says nothing of a program', () => {
    const manifest = {
      network: { mode: 'egress', allow: ['a.example:443'] },
      health: { kind: 'agent' },
      resources: { cpus: 1 },
    } as const;
    expect(programOf(manifest, owner)).toEqual({});
  });

  it('has its port and its router told by the manifest where that knows better', () => {
    const env = [
      { name: 'AGENT_PORT', value: '8080' },
      { name: 'ROUTER_HOST', value: 'router' },
    ];
    const told = programOf({ ports: [{ containerPort: 80 }], env }, owner).env;
    expect(told).toMatchObject({ AGENT_PORT: '8080', ROUTER_HOST: 'router' });
  });

  it('is what the manifest says, and is told who it is', () => {
    const program = programOf(
      {
        type: 'service',
        command: ['/bin/sh'],
        args: ['-c', 'true'],
        env: [{ name: 'TZ', value: 'UTC' }, { name: 'EMPTY', value: '' }, { name: 'UNSET' }],
        stopSignal: 'SIGINT',
        writablePaths: [{ path: '/cache' }, { path: '/run/x', sizeMiB: 1 }],
      },
      owner,
    );
    expect(program).toEqual({
      command: ['/bin/sh'],
      args: ['-c', 'true'],
      stopSignal: 'SIGINT',
      writablePaths: [
        { path: '/cache', sizeMiB: 64 },
        { path: '/run/x', sizeMiB: 1 },
      ],
      env: {
        TZ: 'UTC',
        EMPTY: '',
        MUSTER_AGENT_ID: owner.id,
        MUSTER_AGENT_NAME: 'web-app-dev-1',
        MUSTER_AGENT_TYPE: 'service',
        MUSTER_PROJECT_NAME: 'web-app',
        MUSTER_PROFILE: 'prod',
        PLOINKY_AGENT_NAME: 'web-app-dev-1',
        PLOINKY_REPO_NAME: 'web-app',
        PLOINKY_PROFILE: 'prod',
        WORKSPACE_PATH: '/workspace',
      },
    });
  });

  it('does not start without the values that are required, and names them all', () => {
    const env = [
      { name: 'A', required: true },
      { name: 'B', secret: 'team/b' },
      { name: 'C', secret: 'c', required: false },
      { name: 'D', value: '', required: true },
    ];
    expect(() => programOf({ env }, owner)).toThrow(
      expect.objectContaining({ code: 'VARIABLE_MISSING', details: { variables: ['A', 'B'] } }),
    );
  });

  it('has what it requires from the secrets of the same names, where it has no value', () => {
    const env = [{ name: 'A', required: true }, { name: 'B' }, { name: 'C', value: '', required: true }];
    const program = programOf({ env }, owner, new Set(['A', 'B', 'C']));
    expect(program.secrets).toEqual([{ variable: 'A', secret: 'A' }]);
    expect(program.env).toMatchObject({ A_FILE: '/run/secrets/A', C: '' });
    expect(() => programOf({ env }, owner, new Set(['B']))).toThrow('without a value: A (no secret A either).');
  });

  it("has no variables where it is agent-server's: they are told to what is started there", () => {
    const manifest = {
      env: [
        { name: 'TZ', value: 'UTC' },
        { name: 'B', secret: 'team/b' },
      ],
    };
    const known = new Set(['team/b']);
    expect(programOf(manifest, owner, known, { agentServer: 'program' })).toEqual({
      secrets: [{ variable: 'B', secret: 'team/b' }],
    });
    const told = { TZ: 'UTC', B_FILE: '/run/secrets/B', MUSTER_AGENT_ID: owner.id };
    expect(environmentOf(manifest, owner, [{ variable: 'B' }], false)).toMatchObject(told);
    // An own program reads them.
    expect(programOf(manifest, owner, known, { agentServer: 'beside' }).env).toMatchObject(told);
    expect(programOf({ ...manifest, args: ['serve'] }, owner, known, { agentServer: 'program' }).env).toMatchObject(
      told,
    );
    expect(() => programOf(manifest, owner, new Set(), { agentServer: 'program' })).toThrow('B (secret team/b)');
  });
});
