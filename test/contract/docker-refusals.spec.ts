import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { newId } from '../../src/domain/ids.js';
import { recoveryFor } from '../../src/domain/lifecycle/recovery.js';
import { RuntimeError } from '../../src/domain/runtime/runtime-errors.js';
import type { DockerRuntimeOptions } from '../../src/runtime/docker/docker-options.js';
import { DockerRuntime } from '../../src/runtime/docker/docker.runtime.js';
import { AGENT_IMAGE, describeEngine, ENGINE_SOCKET } from '../support/engine.js';
import { eventually } from '../support/eventually.js';
import { all, SpecBuilder, take } from './runtime-harness.js';

const MANY = 10;
/** What an engine says for which it has no status of its own. */
const NO = { message: 'no: /var/lib/engine/secret-path' };

describeEngine('Docker that refuses a call', () => {
  let server: Server;
  let refused: RegExp;
  let specs: SpecBuilder;
  let options: Omit<DockerRuntimeOptions, 'endpoint'>;
  let sut: DockerRuntime;

  beforeEach(async () => {
    refused = /^$/;
    specs = await SpecBuilder.create();
    const socketPath = join(specs.folder, 'engine.sock');
    server = createServer((asked, answer) => {
      if (!refused.test(`${asked.method!} ${asked.url!}`)) passOn(asked, answer);
      else answer.writeHead(500, { 'content-type': 'application/json' }).end(JSON.stringify(NO));
    });
    // As the engine, which waits for ever.
    server.keepAliveTimeout = 0;
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
    options = { stateDir: join(specs.folder, 'state'), agentImage: AGENT_IMAGE, host: `unix://${socketPath}` };
    sut = new DockerRuntime({ ...options, endpoint: 'unix' });
  });

  afterEach(async () => {
    refused = /^$/;
    for (const { id } of await sut.list(specs.installation)) await sut.remove(id);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await specs.clean();
  });

  const started = async (): Promise<string> => {
    const id = await sut.create(specs.build(await sut.resolveImage(AGENT_IMAGE)));
    await sut.start(id);
    return id;
  };

  const failureOf = async (pattern: RegExp, act: () => Promise<unknown>): Promise<RuntimeError> => {
    refused = pattern;
    const error = await act().then(
      () => null,
      (cause: unknown) => cause,
    );
    refused = /^$/;
    expect(error).toBeInstanceOf(RuntimeError);
    return error as RuntimeError;
  };

  it('says which call it was, by a code of its own with advice that fits, and never in its words', async () => {
    const id = await started();
    const other = specs.build(await sut.resolveImage(AGENT_IMAGE));
    const cases: readonly (readonly [string, RegExp, () => Promise<unknown>, string])[] = [
      ['CONTAINER_CREATE_FAILED', /^POST .*\/containers\/create/, () => sut.create(other), 'disk space'],
      ['RUNTIME_REFUSED', /^POST .*\/pause/, () => sut.pause(id), "Muster's log"],
      ['RUNTIME_REFUSED', /^GET .*\/logs/, () => take(sut.logs(id, {}), all), "Muster's log"],
      ['RUNTIME_REFUSED', /^GET .*\/json/, () => sut.inspect(id), "Muster's log"],
      ['CONTAINER_STOP_FAILED', /^POST .*\/stop/, () => sut.stop(id, 0), 'stop or destroy the agent again'],
      ['CONTAINER_REMOVE_FAILED', /^DELETE .*\/containers\//, () => sut.remove(id), 'until it is gone'],
    ];
    for (const [code, pattern, act, advice] of cases) {
      const error = await failureOf(pattern, act);
      expect([String(pattern), error.code]).toEqual([String(pattern), code]);
      expect(recoveryFor(error.code)).toContain(advice);
      expect(error.message).not.toContain('secret-path');
    }
    await sut.stop(id, 0);
    const unstarted = await failureOf(/^POST .*\/start/, () => sut.start(id));
    expect(unstarted.code).toBe('CONTAINER_START_FAILED');
    expect((await sut.list(specs.installation)).map((seen) => seen.id)).toEqual([id]);
  });

  it.each(['unix', 'exec'] as const)(
    'is left no connection by a program that it would not start, by %s',
    async (endpoint) => {
      const reached = new DockerRuntime({ ...options, endpoint });
      const id = await started();
      const asked = { id: newId(), command: ['true'], env: {}, cwd: '/tmp', terminal: { columns: 80, rows: 24 } };
      const address = { id, privateFolder: specs.folder };
      refused = /^POST .*\/exec\/.*\/start/;
      for (let time = 0; time < MANY; time += 1) {
        const act = endpoint === 'unix' ? reached.exec(address, asked) : reached.connect(address);
        await expect(act).rejects.toThrow(id);
      }
      refused = /^$/;
      // One or two are kept for the next call.
      await eventually(async () =>
        expect(await promisify(server.getConnections.bind(server))()).toBeLessThan(MANY / 2),
      );
    },
  );
});

function passOn(asked: IncomingMessage, answer: ServerResponse): void {
  const { method, url, headers } = asked;
  const upstream = request({ socketPath: ENGINE_SOCKET, method, path: url, headers }, (answered) => {
    answer.writeHead(answered.statusCode!, answered.headers);
    answered.pipe(answer);
  });
  upstream.on('error', () => answer.destroy());
  asked.pipe(upstream);
}
