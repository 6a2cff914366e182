import { describe, expect, it } from '@jest/globals';
import type { Fault } from '../../domain/errors/domain-error.js';
import { MANIFEST_SCHEMA } from '../../domain/templates/manifest-schema.js';
import { manifestFaults } from './manifest-faults.js';

const asRecord = (faults: readonly Fault[]): Record<string, string> =>
  Object.fromEntries(faults.map(({ pointer, detail }) => [pointer, detail]));

const told = (manifest: unknown): Record<string, string> => asRecord(manifestFaults(manifest));

/** Without what this Muster does not act on yet. */
const wrong = (manifest: unknown): Record<string, string> =>
  asRecord(manifestFaults(manifest).filter(({ detail }) => !detail.includes('does not act on it yet')));

describe('a manifest', () => {
  it('may be empty, and may say what each field is for', () => {
    expect(told({})).toEqual({});
    expect(
      wrong({
        type: 'service',
        image: `registry/team/agent@sha256:${'0123456789abcdef'.repeat(4)}`,
        command: ['/bin/sh', '-c', 'exec "$@"'],
        args: [],
        env: [
          { name: 'TZ', value: 'Europe/Vienna' },
          { name: 'TOKEN', secret: 'team/token', required: true },
        ],
        ports: [{ containerPort: 80 }, { containerPort: 80, protocol: 'udp', hostPort: 5353, hostIp: '127.0.0.1' }],
        resources: { cpus: 0.5, memoryMiB: 128, pids: 64, tmpfsMiB: 16 },
        isolation: 'gvisor',
        network: { mode: 'egress', allow: ['registry.example.org:443', '*.example.org:80'] },
        runMode: 'devel',
        hostPath: '/srv/projects/web',
        profile: 'dev',
        mounts: [{ source: '/srv/skills', target: '/code/.AchillesSkills', readOnly: false }],
        writablePaths: [{ path: '/var/lib/postgresql', sizeMiB: 256 }, { path: '/run/postgresql' }],
        hooks: { preinstall: 'node -v', install: 'npm ci', postinstall: 'true', hosthook_postinstall: '/x' },
        health: { kind: 'http', port: 80, path: '/ready?full=1', intervalSeconds: 5 },
        idleTimeoutSeconds: 60,
        ttlSeconds: 3600,
        stopSignal: 'SIGQUIT',
        gracePeriodSeconds: 0,
        startTimeoutSeconds: 60,
        preStop: { command: ['nginx', '-s', 'quit'] },
      }),
    ).toEqual({});
  });

  it.each([null, 5, 'x', [], true])('is an object, not %j', (value) => {
    expect(told(value)).toEqual({ '': 'must be an object' });
  });

  it('tells every fault at once, in plain words, at its place', () => {
    expect(
      told({
        type: 'robot',
        image: 'No Image',
        command: [],
        args: 'x',
        env: [{ value: 5 }, { name: '1A' }],
        ports: [{ containerPort: 0 }, { containerPort: 1, hostIp: 'localhost' }],
        resources: { cpus: 0, memoryMiB: 64.5, disk: 1 },
        network: 'none',
        profile: 'test',
        mounts: [{ source: 'etc', target: '/a/../b' }],
        hooks: { install: '' },
        health: { kind: 'ping' },
        gracePeriodSeconds: 121,
        privileged: true,
      }),
    ).toEqual({
      '/type': 'must be agent, service, cli or devenv',
      '/image': 'must be an image reference',
      '/command': 'must hold at least 1',
      '/args': 'must be a list',
      '/env/0/name': 'is missing',
      '/env/0/value': 'must be a text',
      '/env/1/name': 'must be letters, digits and underscores, and not begin with a digit',
      '/ports/0/containerPort': 'must be from 1 to 65535',
      '/ports/1/hostIp': 'must be an IP address',
      '/resources/cpus': 'must be from 0.05 to 16',
      '/resources/memoryMiB': 'must be a whole number',
      '/resources/disk': 'is not a known property',
      '/network': 'must be an object',
      '/profile': 'must be dev, qa or prod',
      '/mounts/0/source': expect.stringMatching(/^must be an absolute path/),
      '/mounts/0/target': expect.stringMatching(/^must be an absolute path/),
      '/hooks/install': 'must not be empty',
      '/health/kind': 'must be agent, http, tcp or command',
      '/gracePeriodSeconds': 'must be from 0 to 120',
      '/privileged': 'is not a known property',
    });
  });

  it('tells faults of the shape that was meant alone', () => {
    expect(wrong({ health: { kind: 'http', retries: 0 }, network: { mode: 'egress' } })).toEqual({
      '/health/port': 'is missing',
      '/health/retries': 'must be from 1 to 20',
      '/network/allow': 'is missing',
    });
    expect(wrong({ health: {}, network: { allow: [] } })).toEqual({
      '/health/kind': 'must be agent, http, tcp or command',
      '/network/mode': 'must be none, project or egress',
    });
  });

  it.each(['MUSTER_SOCKET', 'PLOINKY_PROFILE', 'WORKSPACE_PATH', 'LD_PRELOAD', 'ld_library_path', 'NODE_OPTIONS'])(
    'does not set %s',
    (name) => {
      expect(wrong({ env: [{ name, value: 'x' }] })['/env/0/name']).toMatch(/is reserved/);
    },
  );

  it('keeps its variables apart, and bounded', () => {
    const many = Array.from({ length: 3 }, (_, index) => ({ name: `V${index}`, value: 'x'.repeat(32_768) }));
    expect(wrong({ env: [{ name: 'A' }, { name: 'A' }, { name: 'B', value: '', secret: 'b' }] })).toEqual({
      '/env/1/name': 'A is given twice',
      '/env/2/secret': 'must be left out where there is a value',
    });
    expect(wrong({ env: many })['/env']).toMatch(/at most 65536 bytes/);
    expect(wrong({ env: [{ name: 'A', value: 'a\u0000b' }] })['/env/0/value']).toMatch(/code 0/);
  });

  it('keeps apart what tells of its secrets, and bounds how many it names', () => {
    const env = [
      { name: 'A', secret: 'a' },
      { name: 'A_FILE', value: '/tmp/a' },
      { name: 'NODE_ENV', secret: 'n' },
    ];
    expect(wrong({ env })).toEqual({
      '/env/0/name': 'A_FILE is where the file with this secret is told, and is given too',
      '/env/2/name': 'NODE_ENV_FILE, where its file would be told, is reserved',
    });
    const many = Array.from({ length: 51 }, (_, index) => ({ name: `S${index}`, secret: 's' }));
    expect(wrong({ env: many })).toEqual({ '/env': 'must name at most 50 secrets; it names 51' });
    expect(wrong({ env: many.slice(1) })).toEqual({});
  });

  it.each([
    '/',
    '/etc',
    '/etc/ssl',
    '/usr/local/bin',
    '/proc/1',
    '/opt/muster',
    '/run/muster/x',
    '/run/secrets',
    '/var/run/docker.sock',
  ])('mounts nothing over %s', (path) => {
    const faults = wrong({ mounts: [{ source: '/srv/a', target: path }], writablePaths: [{ path }] });
    expect(Object.keys(faults)).toEqual(['/mounts/0/target', '/writablePaths/0/path']);
  });

  it('follows the read-only rules of its profile', () => {
    const code = { source: '/srv/a', target: '/code', readOnly: false };
    expect(wrong({ profile: 'dev', mounts: [code] })).toEqual({});
    expect(wrong({ profile: 'qa', mounts: [code] })).toEqual({
      '/mounts/0/readOnly': '/code is read-only in profile qa',
    });
    expect(wrong({ mounts: [code] })).toEqual({ '/mounts/0/readOnly': '/code is read-only in profile prod' });
    expect(
      wrong({
        profile: 'dev',
        mounts: [
          { ...code, target: '/Agent' },
          { ...code, target: '/code/node_modules' },
        ],
      }),
    ).toEqual({
      '/mounts/0/readOnly': '/Agent is always read-only',
      '/mounts/1/readOnly': '/code/node_modules is always read-only',
    });
  });

  it('puts no two things in one place', () => {
    const source = '/srv/a';
    expect(
      wrong({
        runMode: 'isolated',
        mounts: [
          { source, target: '/data' },
          { source, target: '/data' },
          { source, target: '/code' },
        ],
        writablePaths: [{ path: '/data/x' }, { path: '/cache' }, { path: '/cache/a' }, { path: '/code/tmp' }],
      }),
    ).toEqual({
      '/mounts/1/target': '/data is given twice',
      '/mounts/2/target': '/code is mounted by runMode isolated already',
      '/writablePaths/0/path': '/data/x and the mount /data are one inside the other',
      '/writablePaths/2/path': '/cache/a is given already, by /cache',
      '/writablePaths/3/path': '/code/tmp is code: profile dev makes it writable',
    });
    expect(
      wrong({ ports: [{ containerPort: 80 }, { containerPort: 80, hostPort: 1 }, { containerPort: 81, hostPort: 1 }] }),
    ).toEqual({
      '/ports/1/containerPort': '80/tcp is given twice',
      '/ports/2/hostPort': '1 is given twice',
    });
  });

  it('says what it reaches by names and ports, none of them twice', () => {
    expect(wrong({ network: { mode: 'project', expose: [80, 8080], allow: ['example.org:443'] } })).toEqual({});
    expect(wrong({ network: { mode: 'project' } })).toEqual({});
    const allow = [
      'example.org:443',
      '*.example.org:443',
      'EXAMPLE.org:443',
      '10.0.0.1:80',
      'localhost:80',
      'a.org:70000',
    ];
    expect(wrong({ network: { mode: 'egress', allow } })).toEqual({
      '/network/allow/2': expect.stringMatching(/given twice/),
      '/network/allow/3': expect.stringMatching(/is an address/),
      '/network/allow/4': expect.stringMatching(/own loopback/),
      '/network/allow/5': expect.stringMatching(/port that is not between/),
    });
    expect(wrong({ network: { mode: 'project', expose: [80, 80, 0] } })).toEqual({
      '/network/expose/2': 'must be from 1 to 65535',
    });
    expect(wrong({ network: { mode: 'project', expose: [80, 80] } })).toEqual({
      '/network/expose/1': '80 is given twice',
    });
  });

  it('names its folder of the host where its run mode has one', () => {
    expect(wrong({ runMode: 'global' })).toEqual({ '/hostPath': 'is missing: runMode global mounts it' });
    expect(wrong({ runMode: 'isolated', hostPath: '/srv/a' })).toEqual({
      '/hostPath': 'is only for runMode global and devel',
    });
  });

  it('is not taken where nothing acts on what it says', () => {
    expect(told({ ports: [{ containerPort: 53, protocol: 'udp' }] })['/ports']).toMatch(/does not act on it yet/);
  });

  it('has nothing in its schema that the description of the API could not say', () => {
    const keywords = new Set<string>();
    const collect = (schema: object): void => {
      for (const [keyword, value] of Object.entries(schema)) {
        keywords.add(keyword);
        if (keyword === 'properties') Object.values(value as object).forEach(collect);
        else if (keyword === 'items') collect(value as object);
        else if (keyword === 'oneOf') (value as object[]).forEach(collect);
      }
    };
    const { $schema, ...schema } = MANIFEST_SCHEMA;
    collect(schema);
    expect($schema).toContain('2020-12');
    expect([...keywords].filter((keyword) => /^(\$|const|examples|if|then|else|prefixItems)/.test(keyword))).toEqual(
      [],
    );
  });
});
