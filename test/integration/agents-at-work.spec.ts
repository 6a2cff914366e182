import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { systemActor } from '../../src/domain/events/actor.js';
import type { FileJournal } from '../../src/domain/files/file-journal.js';
import type { InstancePath } from '../../src/domain/lifecycle/lifecycle-records.js';
import type { Run } from '../../src/domain/runs/run.js';
import type { HealthProbe, HealthTiming } from '../../src/domain/templates/manifest.js';
import { FilesService } from '../../src/modules/files/files.service.js';
import { PromptRuns } from '../../src/modules/sandbox/kinds/prompt-runs.js';
import type { RunEnd } from '../../src/modules/sandbox/kinds/run-kind.js';
import { RunOutput } from '../../src/modules/sandbox/run-output.js';
import { SandboxSettings } from '../../src/modules/sandbox/sandbox-settings.js';
import type { Configuration } from '../../src/platform/config/configuration.js';
import type { DomainEventBus } from '../../src/platform/events/domain-event-bus.js';
import { dialAgentSocket } from '../../src/runtime/agent/agent-socket.js';
import { HttpAgentConnection } from '../../src/runtime/agent/http-agent-connection.js';
import { eventually } from '../support/eventually.js';
import type { LifecycleHost } from '../support/lifecycle-host.js';
import { LifecycleWorld } from '../support/lifecycle-world.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const ADMIN = systemActor('test');
const WAIT_MS = 20_000;
/** Looked at when the test says so. */
const HEALTH = { kind: 'agent', intervalSeconds: 600, timeoutSeconds: 1 } as const;
const NEVER = new AbortController().signal;

const answer = (response: ServerResponse, body: object, status = 200): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};

/** An agent-server on a socket of its own, whose answers the test gives. */
class HeldAgent {
  readonly held = new Map<string, ServerResponse[]>();
  readonly sockets = new Set<Socket>();
  private readonly server: Server;

  constructor(readonly folder: string) {
    this.server = createServer((request, response) => {
      request.resume();
      const path = request.url!.split('?')[0]!;
      this.held.set(path, [...(this.held.get(path) ?? []), response]);
    });
    this.server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(join(this.folder, 'agent.sock'), resolve));
  }

  /** What was asked and is not answered. */
  async next(path: string): Promise<ServerResponse> {
    return eventually(async () => {
      expect(this.held.get(path) ?? []).not.toEqual([]);
      return Promise.resolve(this.held.get(path)!.shift()!);
    });
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

describe('what an agent is at work on', () => {
  let world: LifecycleWorld;
  let muster: LifecycleHost;
  let agent: HeldAgent;
  let files: FilesService;
  let removeFolder: () => Promise<void>;

  beforeEach(async () => {
    world = await LifecycleWorld.create();
    muster = world.host().start();
    const { path, remove } = await temporaryFolder();
    removeFolder = remove;
    agent = new HeldAgent(path);
    await agent.listen();
    const journal: FileJournal = { assertRoom: async () => Promise.resolve(), note: async () => Promise.resolve() };
    const limits = { filesMaxBytes: 1e6, filesMaxEntries: 10 } as Configuration;
    files = new FilesService(muster.service, muster.use, journal, {} as DomainEventBus, limits);
  });

  afterEach(async () => {
    await agent.close();
    await world.end();
    await removeFolder();
  });

  /** A running agent, which is the one that the test answers for. */
  const started = async (health: HealthProbe & HealthTiming = HEALTH): Promise<InstancePath> => {
    const path = await world.instance({ manifest: { health } });
    await muster.service.act(path, 'start', ADMIN, WAIT_MS);
    const dial = (): Promise<Socket> => dialAgentSocket('held', agent.folder);
    muster.runtime.connect = async () => new HttpAgentConnection('held', 'unix', dial, await dial());
    muster.connections.dropAll();
    return path;
  };

  const prompt = async (path: InstancePath): Promise<RunEnd> =>
    new PromptRuns(muster.service, new SandboxSettings()).perform({
      run: { id: 'run', replica: 0 } as unknown as Run,
      request: { type: 'prompt', input: 'hi' },
      instance: await world.read(path),
      output: new RunOutput(),
      signal: NEVER,
    });
  const pass = (run: ServerResponse): void => {
    answer(run, { output: 'done', usage: { inputTokens: 1, outputTokens: 1 } });
  };

  const check = async (path: InstancePath, failures = 0): Promise<void> =>
    world.update(path, {
      $set: { 'lifecycle.healthCheck.dueAt': new Date(), 'lifecycle.healthCheck.failures': failures },
    });
  const checked = async (path: InstancePath, seen: object): Promise<void> => {
    await eventually(async () => {
      expect((await world.read(path)).lifecycle.healthCheck).toMatchObject(seen);
    });
  };

  it('goes on while a health check finds no answer, and leaves no connection behind', async () => {
    const path = await started();
    const running = prompt(path);
    const run = await agent.next('/v1/runs');
    await check(path);
    await checked(path, { failures: 1, detail: 'no answer within 1 s' });
    pass(run);
    await expect(running).resolves.toMatchObject({ status: 'passed', output: 'done' });
    await eventually(async () => {
      expect(agent.sockets.size).toBe(0);
      return Promise.resolve();
    });
    const next = prompt(path);
    pass(await agent.next('/v1/runs'));
    await expect(next).resolves.toMatchObject({ status: 'passed' });
  });

  it('goes on when another call is answered by a fault, on the connection that gave the answer', async () => {
    const path = await started();
    const running = prompt(path);
    const run = await agent.next('/v1/runs');
    const known = await muster.connections.known((await world.read(path)).lifecycle.containerId!);
    const listing = files.list(path, { path: '/workspace', recursive: false, limit: 10 }, NEVER);
    answer(await agent.next('/v1/files'), { code: 'BROKEN', message: 'It is.' }, 500);
    await expect(listing).rejects.toMatchObject({ code: 'AGENT_UNREACHABLE', details: { status: 500 } });
    pass(run);
    await expect(running).resolves.toMatchObject({ status: 'passed', output: 'done' });
    expect(await muster.connections.known((await world.read(path)).lifecycle.containerId!)).toBe(known);
  });

  it('goes on when the connection of another call breaks, what is told of changes of files too', async () => {
    const path = await started();
    const watching = files.watch(path, '/workspace', NEVER);
    const response = await agent.next('/v1/files/watch');
    response.writeHead(200).flushHeaders();
    const changes = await watching;
    const listing = files.list(path, { path: '/workspace', recursive: false, limit: 10 }, NEVER);
    (await agent.next('/v1/files')).destroy();
    await expect(listing).rejects.toMatchObject({ code: 'AGENT_UNREACHABLE' });
    response.end(`${JSON.stringify({ kind: 'created', path: 'a' })}\n`);
    const seen: unknown[] = [];
    for await (const change of changes) seen.push(change);
    expect(seen).toEqual([expect.objectContaining({ path: 'a' })]);
  });

  it('is cut when the agent is stopped, also on a connection that was given up before', async () => {
    const path = await started();
    const running = prompt(path).catch((error: unknown) => error);
    await agent.next('/v1/runs');
    await check(path);
    await checked(path, { failures: 1 });
    await muster.service.act(path, 'stop', ADMIN, WAIT_MS);
    expect(await running).toMatchObject({ code: 'AGENT_UNREACHABLE' });
  });

  it('may keep its answer to a check for as long as the manifest says', async () => {
    const path = await started({ ...HEALTH, timeoutSeconds: 20 });
    await check(path, 1);
    const asked = await agent.next('/v1/health');
    // More than the time that a question has about which nothing is said.
    await new Promise((resolve) => setTimeout(resolve, 2500));
    answer(asked, { version: '1', configured: null });
    await checked(path, { failures: 0 });
  });
});
