import { describe, expect, it } from '@jest/globals';
import { ENGINES } from './engine-traits.js';
import { makeHostConfig, type Enclosure } from './host-config.js';

const enclosure: Enclosure = {
  limits: { cpus: 0.5, memoryMiB: 256, pids: 64, tmpfsMiB: 32 },
  engine: ENGINES.docker,
  isolation: 'runc',
  uid: 1000,
  init: true,
  privateFolder: '/muster/private/a',
  workspace: { folder: '/muster/workspaces/a' },
};

const onPodman: Enclosure = { ...enclosure, engine: ENGINES.podman };

describe('makeHostConfig', () => {
  it('hardens every container', () => {
    expect(makeHostConfig(enclosure)).toMatchObject({
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges:true'],
      Privileged: false,
      ReadonlyRootfs: true,
      NetworkMode: 'none',
      IpcMode: 'private',
      RestartPolicy: { Name: 'no' },
      OomKillDisable: false,
    });
  });

  it('never adds a capability, a device, another namespace or an own seccomp profile', () => {
    const config = JSON.stringify(makeHostConfig(enclosure));
    for (const word of ['CapAdd', 'Devices', 'PidMode', 'UsernsMode', 'unconfined', 'seccomp=', 'docker.sock']) {
      expect(config).not.toContain(word);
    }
  });

  it('has a place for secrets in memory, its own or that of the one it joins', () => {
    const folder = '/run/secrets';
    const options = 'rw,noexec,nosuid,nodev,mode=0700,uid=1000,gid=1000,size=8m';
    const placeOf = (secrets?: Enclosure['secrets']): unknown[] => {
      const { Tmpfs, Mounts = [] } = makeHostConfig({ ...enclosure, ...(secrets === undefined ? {} : { secrets }) });
      return [Tmpfs?.[folder], ...Mounts.filter(({ Target }) => Target === folder)];
    };
    expect(placeOf()).toEqual([undefined]);
    expect(placeOf('own')).toEqual([options]);
    const made = { DriverConfig: { Options: { type: 'tmpfs', device: 'tmpfs', o: options } }, Labels: { a: 'b' } };
    expect(placeOf({ labels: { a: 'b' } })).toMatchObject([undefined, { Source: '', VolumeOptions: made }]);
    expect(placeOf({ volume: 'v' })).toMatchObject([undefined, { Source: 'v', ReadOnly: true }]);
  });

  it('names the container’s own loopback for names where connections are carried, and gives no network for it', () => {
    const carried = makeHostConfig({ ...enclosure, carried: true });
    expect(carried).toMatchObject({ NetworkMode: 'none', Dns: ['127.0.0.1'], DnsSearch: ['.'] });
    expect(carried.Sysctls).toEqual({ 'net.ipv4.ip_unprivileged_port_start': '0' });
    const joining = makeHostConfig({ ...enclosure, carried: true, joins: 'c'.repeat(64) });
    for (const config of [makeHostConfig(enclosure), joining]) {
      expect([config.Dns, config.Sysctls]).toEqual([undefined, undefined]);
    }
  });

  it('turns limits into the engine’s units, and leaves no swap', () => {
    const config = makeHostConfig(enclosure);
    expect(config).toMatchObject({ NanoCpus: 500_000_000, Memory: 268_435_456, PidsLimit: 64 });
    expect(config.MemorySwap).toBe(config.Memory);
    expect(config.Tmpfs?.['/tmp']).toBe('rw,noexec,nosuid,nodev,mode=1777,size=32m');
  });

  it('mounts the private folder and the workspace, and nothing else', () => {
    expect(makeHostConfig(enclosure).Mounts?.map(({ Type, Source, Target }) => [Type, Source, Target])).toEqual([
      ['bind', '/muster/private/a', '/run/muster'],
      ['bind', '/muster/workspaces/a', '/workspace'],
    ]);
  });

  it('adds the folders and the places to write that a manifest has, and loosens nothing for them', () => {
    const plain = makeHostConfig(enclosure);
    const config = makeHostConfig({
      ...enclosure,
      mounts: [{ source: '/srv/a', target: '/code', readOnly: true, own: false }],
      writablePaths: [{ path: '/cache', sizeMiB: 3 }],
      imageVolumes: ['/cache'],
    });
    expect(config.Mounts?.slice(2)).toEqual([
      {
        Type: 'bind',
        Source: '/srv/a',
        Target: '/code',
        ReadOnly: true,
        BindOptions: { Propagation: 'rprivate' },
      },
    ]);
    expect(config.Tmpfs?.['/cache']).toBe('rw,noexec,nosuid,nodev,mode=0700,uid=1000,gid=1000,size=3m');
    expect({ ...config, Mounts: plain.Mounts, Tmpfs: plain.Tmpfs }).toEqual(plain);
  });

  it('of a container with a companion shares its network and has no socket', () => {
    const config = makeHostConfig({ ...enclosure, joins: 'companion' });
    expect(config.NetworkMode).toBe('container:companion');
    expect(config.Mounts?.map(({ Target }) => Target)).toEqual(['/workspace']);
    expect(Object.keys(makeHostConfig({ ...enclosure, privateFolder: null, joins: 'companion' }).Tmpfs ?? {})).toEqual([
      '/tmp',
    ]);
    const alone = makeHostConfig(enclosure);
    expect({ ...config, NetworkMode: alone.NetworkMode, Mounts: alone.Mounts }).toEqual(alone);
  });

  it('keeps the socket in memory when agents are reached by exec', () => {
    const config = makeHostConfig({ ...enclosure, privateFolder: null, workspace: { volume: 'a.workspace' } });
    expect(config.Tmpfs?.['/run/muster']).toContain('mode=0700,uid=1000,gid=1000');
    expect(config.Mounts?.map(({ Type, Source }) => [Type, Source])).toEqual([['volume', 'a.workspace']]);
  });

  it('keeps what an image declares as volumes in memory, of a size, where it has no place of its own', () => {
    const imageVolumes = ['/data', '/workspace/', '/run/muster', '/tmp', 'relative/../var/lib'];
    const { Tmpfs, Mounts } = makeHostConfig({ ...enclosure, imageVolumes });
    expect(Object.keys(Tmpfs ?? {})).toEqual(['/tmp', '/data', '/var/lib']);
    expect(Tmpfs?.['/data']).toBe('rw,noexec,nosuid,nodev,mode=0755,uid=1000,gid=1000,size=32m');
    expect(Mounts).toHaveLength(2);
  });

  it('names the OCI runtime of a stronger isolation, and the engine’s own for the usual one', () => {
    expect(makeHostConfig({ ...enclosure, isolation: 'gvisor' }).Runtime).toBe('runsc');
    expect(makeHostConfig(enclosure).Runtime).toBeUndefined();
  });

  it('leaves a kernel in user space its own threads beside the agent’s', () => {
    expect(makeHostConfig({ ...enclosure, isolation: 'gvisor' }).PidsLimit).toBe(64 + 64);
  });

  it('tells Podman in its own words whose memory is, that nothing is copied there, and how many processes the user may have', () => {
    const podman = makeHostConfig({ ...onPodman, privateFolder: null, imageVolumes: ['/data'] });
    expect(podman.Tmpfs?.['/run/muster']).toBe('rw,noexec,nosuid,nodev,mode=0700,U,size=1m,notmpcopyup');
    expect(podman.Tmpfs?.['/data']).toBe('rw,noexec,nosuid,nodev,mode=0755,U,size=32m,notmpcopyup');
    expect(podman.Tmpfs?.['/tmp']).toBe('rw,noexec,nosuid,nodev,mode=1777,size=32m,notmpcopyup');
    expect(podman.Ulimits).toContainEqual({ Name: 'nproc', Soft: 32_768, Hard: 32_768 });
    expect(makeHostConfig(enclosure).Ulimits?.map(({ Name }) => Name)).toEqual(['nofile', 'core']);
  });

  it('closes what Podman leaves open beside a read-only root, unless the agent is given that very place', () => {
    const { Tmpfs } = makeHostConfig(onPodman);
    expect(Tmpfs).toMatchObject({ '/run': 'ro,nosuid,nodev,tmpcopyup', '/var/tmp': 'ro,nosuid,nodev,tmpcopyup' });
    expect(Object.keys(makeHostConfig(enclosure).Tmpfs ?? {})).toEqual(['/tmp']);
    const given = makeHostConfig({
      ...onPodman,
      writablePaths: [{ path: '/var/tmp', sizeMiB: 3 }],
      mounts: [{ source: '/muster/run', target: '/run', readOnly: false, own: false }],
    });
    expect(given.Tmpfs?.['/var/tmp']).toMatch(/^rw,/);
    expect(Object.keys(given.Tmpfs ?? {})).not.toContain('/run');
  });

  it('tells the kernel itself, not the engine, whose the memory is that two containers share', () => {
    const { Mounts = [] } = makeHostConfig({ ...onPodman, secrets: { labels: {} } });
    expect(Mounts.find(({ Type }) => Type === 'volume')?.VolumeOptions?.DriverConfig.Options['o']).toBe(
      'rw,noexec,nosuid,nodev,mode=0700,uid=1000,gid=1000,size=8m',
    );
  });
});
