import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EventEmitter2 } from '@nestjs/event-emitter';
import mongoose, { type Connection } from 'mongoose';
import { RUN_MODEL, runSchema, type RunRecord } from '../../src/data/runs/run.schema.js';
import { MongoRuns } from '../../src/data/runs/runs.repository.js';
import { systemActor } from '../../src/domain/events/actor.js';
import { newId, type RunId } from '../../src/domain/ids.js';
import type { AgentRuns } from '../../src/domain/lifecycle/agent-runs.js';
import type { InstancePath, LifecycleRecords } from '../../src/domain/lifecycle/lifecycle-records.js';
import type { Run } from '../../src/domain/runs/run.js';
import { ExecRuns } from '../../src/modules/sandbox/kinds/exec-runs.js';
import { PromptRuns } from '../../src/modules/sandbox/kinds/prompt-runs.js';
import { RunKinds } from '../../src/modules/sandbox/kinds/run-kinds.js';
import { OpenRuns } from '../../src/modules/sandbox/open-runs.js';
import { RunExecution } from '../../src/modules/sandbox/run-execution.js';
import { RunSweeper } from '../../src/modules/sandbox/run-sweeper.js';
import { SandboxService } from '../../src/modules/sandbox/sandbox.service.js';
import { SandboxSettings } from '../../src/modules/sandbox/sandbox-settings.js';
import { DomainEventBus } from '../../src/platform/events/domain-event-bus.js';
import { OpenQuotas } from '../support/open-quotas.js';
import { eventually } from '../support/eventually.js';
import type { LifecycleHost } from '../support/lifecycle-host.js';
import { LifecycleWorld } from '../support/lifecycle-world.js';
import { RecordingTelemetry } from '../support/recording-telemetry.js';

const ADMIN = systemActor('test');

/** The same records, but for some of what they do. */
const withChanges = (runs: MongoRuns, changes: Partial<MongoRuns>): MongoRuns =>
  Object.assign(Object.create(runs) as MongoRuns, changes);

/** One Muster's sandbox on a lifecycle's agents. */
class SandboxHost {
  readonly open: OpenRuns;
  readonly service: SandboxService;
  readonly sweeper: RunSweeper;

  constructor(
    runs: MongoRuns,
    records: LifecycleRecords,
    agentRuns: AgentRuns,
    muster: LifecycleHost,
    overrides: Partial<SandboxSettings>,
  ) {
    const settings = new SandboxSettings({ turnPollMs: 10, strayAfterMs: -1000, ...overrides });
    this.open = new OpenRuns(runs, settings);
    const kinds = new RunKinds(new PromptRuns(muster.service, settings), new ExecRuns(muster.runtime, muster.service));
    const execution = new RunExecution(agentRuns, runs, this.open, settings);
    const bus = new DomainEventBus(new EventEmitter2());
    this.service = new SandboxService(
      records,
      agentRuns,
      runs,
      kinds,
      execution,
      this.open,
      muster.use,
      bus,
      settings,
      new OpenQuotas(),
      new RecordingTelemetry(),
    );
    this.sweeper = new RunSweeper(runs, agentRuns, this.service, this.open, settings);
  }
}

describe('runs, when processes come and go', () => {
  let world: LifecycleWorld;
  let connection: Connection;
  let runs: MongoRuns;
  let muster: LifecycleHost;
  let path: InstancePath;

  beforeAll(async () => {
    world = await LifecycleWorld.create();
    connection = await mongoose.createConnection(world.database.uri).asPromise();
    const model = connection.model<RunRecord>(RUN_MODEL, runSchema);
    await model.init();
    runs = new MongoRuns(model);
    muster = world.host().start();
    path = await world.instance();
    await muster.service.act(path, 'start', ADMIN, 20_000);
  });

  afterAll(async () => {
    await connection.close();
    await world.end();
  });

  const host = (overrides: Partial<SandboxSettings> = {}, records = runs): SandboxHost =>
    new SandboxHost(records, world.records, world.runs, muster, overrides);

  const start = async (sandbox: SandboxHost, input: string, waitMs = 0): Promise<Run> =>
    sandbox.service.run(path, { type: 'prompt', input }, ADMIN, waitMs);

  it('ends the runs of a process that fell silent as lost, and frees the agent', async () => {
    const dead = host({ ownedMs: 50 });
    const run = await start(dead, 'sleep 60000');
    expect(await world.read(path)).toMatchObject({ status: 'busy', openRuns: [run.id] });
    const alive = host();
    await eventually(async () => {
      await alive.sweeper.sweep();
      expect(await runs.get(path, run.id)).toMatchObject({ status: 'failed', error: { code: 'RUN_LOST' } });
    });
    expect(await world.read(path)).toMatchObject({ status: 'idle', openRuns: [] });
    // Its answer, should it come after all, changes nothing.
    await dead.open.beforeApplicationShutdown();
    expect(await runs.get(path, run.id)).toMatchObject({
      error: { code: 'RUN_LOST', message: expect.stringContaining('gone') },
    });
  });

  it('keeps the runs of a process that says it is there', async () => {
    const slow = host({ ownedMs: 200, renewEveryMs: 20 });
    slow.open.onApplicationBootstrap();
    const running = start(slow, 'sleep 600', 10_000);
    let ended = false;
    const watch = running.then(() => (ended = true));
    const sweeper = host().sweeper;
    await eventually(async () => {
      await sweeper.sweep();
      expect(ended).toBe(true);
    });
    await watch;
    expect(await running).toMatchObject({ status: 'passed', output: 'Ada: sleep 600' });
    await slow.open.beforeApplicationShutdown();
  });

  it('leaves a run whose end cannot be written to the sweep, and lets go of its agent, while it carries others', async () => {
    let isAway = true;
    const end: MongoRuns['end'] = async (...asked) => (isAway ? Promise.reject(new Error('away')) : runs.end(...asked));
    const sandbox = host({ ownedMs: 500, renewEveryMs: 20, runsPerAgent: 1 }, withChanges(runs, { end }));
    sandbox.open.onApplicationBootstrap();
    const carried = await start(sandbox, 'sleep 60000');
    const waiting = await start(sandbox, 'hi');
    expect((await world.read(path)).lifecycle.uses).toHaveLength(1);
    await sandbox.service.cancel(path, waiting.id, 0);
    await eventually(async () => {
      expect((await world.read(path)).lifecycle.uses).toEqual([]);
    });
    expect(await runs.get(path, waiting.id)).toMatchObject({ status: 'queued' });
    isAway = false;
    await eventually(async () => {
      await sandbox.sweeper.sweep();
      expect(await runs.get(path, waiting.id)).toMatchObject({ status: 'failed', error: { code: 'RUN_LOST' } });
    });
    expect(await runs.get(path, carried.id)).toMatchObject({ status: 'running' });
    await sandbox.open.beforeApplicationShutdown();
  });

  it('does not take for lost what it carries itself, when it could not say so', async () => {
    const silent = host({ ownedMs: 1 });
    const run = await start(silent, 'sleep 60000');
    await eventually(async () => {
      expect((await runs.findLost(10)).map(({ id }) => id)).toEqual([run.id]);
    });
    await silent.sweeper.sweep();
    expect(await runs.get(path, run.id)).toMatchObject({ status: 'running' });
    await silent.open.beforeApplicationShutdown();
  });

  it('says that it is there for a run from before that is on record', async () => {
    const ownedMs = 1000;
    let goOn = (): void => undefined;
    const written = new Promise<void>((resolve) => (goOn = resolve));
    const insert: MongoRuns['insert'] = async (...asked) => {
      await runs.insert(...asked);
      await written;
    };
    const slow = host({ ownedMs, renewEveryMs: 20 }, withChanges(runs, { insert }));
    slow.open.onApplicationBootstrap();
    const running = start(slow, 'hi', 10_000);
    const documents = connection.collection<RunRecord>('runs');
    await eventually(async () => {
      const [found] = await documents.find({ owner: slow.open.owner }).toArray();
      // Further on than the insert has said.
      expect(Number(found?.ownedUntil)).toBeGreaterThan(Number(found?.createdAt) + 2 * ownedMs);
    });
    goOn();
    expect(await running).toMatchObject({ status: 'passed' });
    await slow.open.beforeApplicationShutdown();
  });

  it('frees an agent of runs that never came to be', async () => {
    const stray = newId<RunId>();
    await world.runs.begin(path, stray, 4);
    await host({ strayAfterMs: 60_000 }).sweeper.sweep();
    expect((await world.read(path)).openRuns).toEqual([stray]);
    await host().sweeper.sweep();
    expect(await world.read(path)).toMatchObject({ status: 'idle', openRuns: [] });
  });

  it('ends a run that takes too long, waiting included', async () => {
    const hasty = host({ runTimeoutMs: 100, runsPerAgent: 1 });
    const ended = await Promise.all([1, 2].map(async () => start(hasty, 'sleep 60000', 10_000)));
    expect(ended).toMatchObject([
      { status: 'timed_out', error: { code: 'RUN_TIMEOUT' } },
      { status: 'timed_out', error: { code: 'RUN_TIMEOUT' } },
    ]);
    expect(await world.read(path)).toMatchObject({ status: 'idle', openRuns: [] });
  });

  it('ends open runs when Muster shuts down', async () => {
    const leaving = host();
    const run = await start(leaving, 'sleep 60000');
    await leaving.open.beforeApplicationShutdown();
    expect(await runs.get(path, run.id)).toMatchObject({ status: 'failed', error: { code: 'RUN_LOST' } });
    expect(await world.read(path)).toMatchObject({ status: 'idle', openRuns: [] });
  });

  it('shows an agent that failed as failed, whatever ends afterwards', async () => {
    const sandbox = host();
    const run = start(sandbox, 'sleep 300', 10_000);
    await eventually(async () => {
      expect((await world.read(path)).status).toBe('busy');
    });
    // Nobody is to heal it meanwhile.
    await muster.stop();
    await world.update(path, { $set: { 'lifecycle.state': 'failed', status: 'error' } });
    await run;
    expect(await world.read(path)).toMatchObject({ status: 'error', openRuns: [] });
    await expect(start(sandbox, 'hi')).rejects.toMatchObject({ code: 'AGENT_NOT_RUNNING' });
  });
});
