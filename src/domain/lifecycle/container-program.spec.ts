import { describe, expect, it } from '@jest/globals';
import { environmentOf, programOf } from './container-program.js';

const owner = { id: '66f2a1c09b1e8a4d3c5f7a12', identifier: 'web-app-dev-1', projectSlug: 'web-app' };

describe("a container's program", () => {
  it("is the image's where the manifest says nothing, and is told nothing", () => {
    expect(programOf({ image: 'muster/agent' }, owner)).toEqual({});
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

  it('is told where its secrets will be, of those that there are; never what is in them', () => {
    const env = [
      { name: 'B', secret: 'team/b' },
      { name: 'C', secret: 'c', required: false },
      { name: 'D', secret: 'd', required: false },
    ];
    const { env: told, secrets } = programOf({ env }, owner, new Set(['team/b', 'd']));
    expect(secrets).toEqual([
      { variable: 'B', secret: 'team/b' },
      { variable: 'D', secret: 'd' },
    ]);
    expect(told).toMatchObject({ B_FILE: '/run/secrets/B', D_FILE: '/run/secrets/D' });
    expect(Object.keys(told ?? {}).filter((name) => /^[BCD]/.test(name))).toEqual(['B_FILE', 'D_FILE']);
  });

  it("has no variables where it is agent-server's: they are told to what is started there", () => {
    const manifest = {
      env: [
        { name: 'TZ', value: 'UTC' },
        { name: 'B', secret: 'team/b' },
      ],
    };
    const known = new Set(['team/b']);
    expect(programOf(manifest, owner, known, 'program')).toEqual({ secrets: [{ variable: 'B', secret: 'team/b' }] });
    const told = { TZ: 'UTC', B_FILE: '/run/secrets/B', MUSTER_AGENT_ID: owner.id };
    expect(environmentOf(manifest, owner, [{ variable: 'B' }])).toMatchObject(told);
    // An own program reads them.
    expect(programOf(manifest, owner, known, 'beside').env).toMatchObject(told);
    expect(programOf({ ...manifest, args: ['serve'] }, owner, known, 'program').env).toMatchObject(told);
    expect(() => programOf(manifest, owner, new Set(), 'program')).toThrow('B (secret team/b)');
  });
});
