import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CompanionSpec, RuntimeSpec } from '../../src/domain/runtime/runtime-spec.js';
import { DockerRuntime } from '../../src/runtime/docker/docker.runtime.js';
import { AGENT_IMAGE, describeEngine, engine, ENGINE_HOST, SMALL_IMAGE } from '../support/engine.js';
import { runInside } from '../support/inside-container.js';
import { configurationFor, SpecBuilder } from './runtime-harness.js';

const LIMITS = { cpus: 1, memoryMiB: 128, pids: 32, tmpfsMiB: 4 };

describeEngine.each(['unix', 'exec'] as const)('a container with a companion, reached by %s', (endpoint) => {
  let specs: SpecBuilder;
  let sut: DockerRuntime;
  let companion: CompanionSpec;
  let image: string;

  beforeAll(async () => {
    specs = await SpecBuilder.create();
    sut = new DockerRuntime({
      host: ENGINE_HOST,
      stateDir: join(specs.folder, 'state'),
      agentImage: AGENT_IMAGE,
      endpoint,
    });
    image = await sut.resolveImage(SMALL_IMAGE);
    companion = { image: await sut.resolveImage(AGENT_IMAGE), limits: LIMITS };
  });

  afterAll(async () => {
    for (const { id } of await sut.list(specs.installation)) await sut.remove(id);
    expect(await engine.listContainers({ all: true, filters: labelled() })).toEqual([]);
    await specs.clean();
  });

  const labelled = (): { label: string[] } => ({ label: [`io.muster.installation=${specs.installation}`] });
  const build = (changes: Partial<RuntimeSpec> = {}): RuntimeSpec =>
    specs.build(image, { companion, command: ['/bin/sh', '-c', 'while read line; do :; done'], ...changes });
  const started = async (): Promise<{ id: string; spec: RuntimeSpec; other: string }> => {
    const spec = build();
    const id = await sut.create(spec);
    await sut.start(id);
    return { id, spec, other: (await sut.inspect(id))!.companion!.id };
  };
  const reached = ({ id, spec: { privateFolder } }: { id: string; spec: RuntimeSpec }) =>
    sut.waitUntilReachable({ id, privateFolder }, AbortSignal.timeout(30_000));

  it('is told from one that needs none by its image', async () => {
    expect(await sut.agentServerIn(image)).toBe('none');
    expect(await sut.agentServerIn(companion.image)).toBe('program');
  });

  it('has an agent-server that answers, prompts and files too, and a program that waits for its input', async () => {
    const made = await started();
    const { connection } = await reached(made);
    try {
      await connection.configure(configurationFor(made.spec));
      expect((await connection.health()).configured).toBe(configurationFor(made.spec).digest);
      const written = Buffer.from('both see it');
      await runInside(made.id, ['/bin/sh', '-c', `echo -n '${written.toString()}' > /workspace/note`]);
      expect(await readFile(join(made.spec.workspaceFolder, 'note'))).toEqual(written);
      const { output } = await connection.prompt({ runId: 'r', input: 'Hi' }, AbortSignal.timeout(10_000));
      expect(output).toContain('Hi');
      expect(await connection.probe({ kind: 'tcp', port: 9 }, 1000)).toMatchObject({ result: 'refused' });
      await runInside(made.id, ['/bin/sh', '-c', 'nc -ll -p 9 -e true >/dev/null 2>&1 & sleep 0.3']);
      expect(await connection.probe({ kind: 'tcp', port: 9 }, 1000)).toMatchObject({ result: 'ok' });
    } finally {
      connection.close();
    }
    expect(await sut.inspect(made.id)).toMatchObject({ state: 'running', companion: { state: 'running' } });
  });

  it('is hardened as any, and so is the companion; its own folder is out of its reach', async () => {
    const { id, spec, other } = await started();
    const [own, companions] = await Promise.all(
      [id, other].map(async (one) => (await engine.getContainer(one).inspect()).HostConfig),
    );
    expect(own?.NetworkMode).toBe(`container:${other}`);
    expect(companions).toMatchObject({ NetworkMode: 'none', Memory: LIMITS.memoryMiB * 2 ** 20 });
    for (const config of [own, companions]) {
      expect(config).toMatchObject({ CapDrop: ['ALL'], ReadonlyRootfs: true, Privileged: false });
      expect(config?.SecurityOpt).toContain('no-new-privileges:true');
    }
    expect(JSON.stringify(own)).not.toContain(spec.privateFolder);
    expect((await runInside(id, ['/bin/ls', '/run/muster'])).code).not.toBe(0);
    expect((await runInside(id, ['/bin/sh', '-c', 'cat /proc/net/dev'])).said).not.toMatch(/eth0/);
  });

  it('stops and starts with its companion, and shows what becomes of either', async () => {
    const made = await started();
    (await reached(made)).connection.close();
    await sut.stop(made.id, 1);
    expect(await sut.inspect(made.id)).toMatchObject({ state: 'exited', companion: { state: 'exited' } });
    await sut.start(made.id);
    (await reached(made)).connection.close();
    await engine.getContainer(made.other).kill();
    await expect(reached(made)).rejects.toMatchObject({ code: 'COMPANION_EXITED' });
    expect(await sut.inspect(made.id)).toMatchObject({
      state: 'running',
      companion: { state: 'exited', exitCode: 137 },
    });
    await engine.getContainer(made.other).remove({ force: true });
    expect(await sut.inspect(made.id)).toMatchObject({ companion: { state: 'missing' } });
    await sut.remove(made.id);
    expect(await sut.inspect(made.id)).toBeNull();
  });

  it('is listed once, and its companion by itself when only that is left', async () => {
    const { id, other } = await started();
    const listed = (await sut.list(specs.installation)).map((one) => one.id);
    expect(listed).toContain(id);
    expect(listed).not.toContain(other);
    await engine.getContainer(id).remove({ force: true });
    expect((await sut.list(specs.installation)).map((one) => one.id)).toContain(other);
    await sut.remove(other);
  });

  it('is made in two steps: what a crash left between them is taken or makes way, and a failure leaves nothing', async () => {
    const spec = build();
    const id = await sut.create(spec);
    const other = (await sut.inspect(id))!.companion!.id;
    await expect(sut.create(spec)).rejects.toMatchObject({ failure: 'name-conflict' });
    await engine.getContainer(id).remove({ force: true });
    const again = await sut.create(spec);
    expect((await sut.inspect(again))?.companion?.id).toBe(other);
    await engine.getContainer(again).remove({ force: true });
    const changed = await sut.create({ ...spec, specDigest: 'f'.repeat(64) });
    expect((await sut.inspect(changed))?.companion?.id).not.toBe(other);
    const before = await engine.listContainers({ all: true, filters: labelled() });
    const gone = image.replace(/[0-9a-f]{64}$/, '0'.repeat(64));
    await expect(sut.create(build({ image: gone }))).rejects.toMatchObject({ failure: 'image-missing' });
    expect(await engine.listContainers({ all: true, filters: labelled() })).toHaveLength(before.length);
  });

  it('does not take a name that is somebody else’s', async () => {
    const spec = build();
    const foreign = await engine.createContainer({ name: `${spec.name}_companion`, Image: SMALL_IMAGE, Cmd: ['true'] });
    try {
      await expect(sut.create(spec)).rejects.toMatchObject({ failure: 'name-conflict' });
      expect((await foreign.inspect()).State.Status).toBe('created');
    } finally {
      await foreign.remove({ force: true });
    }
  });
});
