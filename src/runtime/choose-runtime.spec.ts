import { describe, expect, it } from '@jest/globals';
import { tmpdir } from 'node:os';
import { chooseRuntime } from './choose-runtime.js';
import type { RuntimeOptions } from './runtime-options.js';

const options: RuntimeOptions = {
  runtime: 'auto',
  dockerHost: 'unix:///nowhere/engine.sock',
  stateDir: tmpdir(),
  agentBundle: '/nowhere/agent-server.mjs',
  agentImage: 'muster/agent',
  nodeEnv: 'test',
};

describe('chooseRuntime', () => {
  it('takes the process runtime where no engine answers, and says so', async () => {
    const { runtime, reason } = await chooseRuntime(options);
    expect(runtime.name).toBe('process');
    expect(reason).toBe(
      'No container engine answers at unix:///nowhere/engine.sock, so agents run as plain processes, which is no boundary.',
    );
  });

  it.each([
    ['auto', 'production'],
    ['docker', 'test'],
  ] as const)('waits for an engine that is not there, with RUNTIME=%s in %s', async (wanted, nodeEnv) => {
    const { runtime, reason } = await chooseRuntime({ ...options, runtime: wanted, nodeEnv });
    expect(runtime.name).toBe('docker');
    expect(reason).toContain('No container engine answers');
    await expect(runtime.info()).rejects.toMatchObject({ failure: 'unavailable' });
  });

  it('gives the process runtime to who asks for it, but not in production', async () => {
    expect((await chooseRuntime({ ...options, runtime: 'process' })).runtime.name).toBe('process');
    await expect(chooseRuntime({ ...options, runtime: 'process', nodeEnv: 'production' })).rejects.toMatchObject({
      code: 'RUNTIME_UNSUPPORTED',
    });
  });
});
