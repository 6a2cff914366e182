import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { ContainerStats } from 'dockerode';
import { join } from 'node:path';
import { DockerRuntime } from '../../src/runtime/docker/docker.runtime.js';
import { AGENT_IMAGE, describeEngine, engine, ENGINE_HOST } from '../support/engine.js';
import { eventually } from '../support/eventually.js';
import { startInside } from '../support/inside-container.js';
import { SpecBuilder } from './runtime-harness.js';

const CPUS = 0.1;
const PERIOD_NS = 100_000_000;
/** Periods that are looked at, each one in which the container wanted more than it had. */
const THROTTLED = 10;

describeEngine('the CPU quota of a container', () => {
  let specs: SpecBuilder;
  let sut: DockerRuntime;
  let id: string;

  beforeAll(async () => {
    specs = await SpecBuilder.create();
    sut = new DockerRuntime({ host: ENGINE_HOST, stateDir: join(specs.folder, 'state'), agentImage: AGENT_IMAGE });
    const limits = { cpus: CPUS, memoryMiB: 128, pids: 64, tmpfsMiB: 1 };
    id = await sut.create(specs.build(await sut.resolveImage(AGENT_IMAGE), { limits }));
    await sut.start(id);
  });

  afterAll(async () => {
    await sut.remove(id);
    await specs.clean();
  });

  const cpu = async (): Promise<ContainerStats['cpu_stats']> =>
    (await engine.getContainer(id).stats({ stream: false, 'one-shot': true })).cpu_stats;

  it('holds by the kernel’s accounting, however many of its programs run', async () => {
    const loops = 'for n in 1 2 3 4; do while :; do :; done & done';
    await startInside(id, ['sh', '-c', loops]);
    const before = await cpu();
    const after = await eventually(async () => {
      const now = await cpu();
      const throttled = now.throttling_data.throttled_periods - before.throttling_data.throttled_periods;
      expect(throttled).toBeGreaterThanOrEqual(THROTTLED);
      return now;
    });
    const periods = after.throttling_data.periods - before.throttling_data.periods;
    const used = after.cpu_usage.total_usage - before.cpu_usage.total_usage;
    // One period more, which was under way; half as much again for slices that a CPU had already taken.
    expect(used).toBeLessThan((periods + 1) * CPUS * PERIOD_NS * 1.5);
    expect(used).toBeGreaterThan(0);
  });
});
