import { describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { tmpdir } from 'node:os';
import { ContainerRuntime } from '../domain/runtime/container-runtime.js';
import { RuntimeChoice } from '../domain/runtime/runtime-choice.js';
import type { RuntimeOptions } from './runtime-options.js';
import { RuntimeModule } from './runtime.module.js';

describe('RuntimeModule', () => {
  it('gives the configured runtime to who asks for the port, and says why it is that one', async () => {
    const options: RuntimeOptions = {
      runtime: 'process',
      stateDir: tmpdir(),
      agentBundle: '/nowhere/agent-server.mjs',
      agentImage: 'muster/agent',
      nodeEnv: 'test',
    };
    const module = RuntimeModule.forRootAsync({ useFactory: () => options });
    const app = await Test.createTestingModule({ imports: [module] }).compile();
    expect(app.get(ContainerRuntime).name).toBe('process');
    expect(app.get(RuntimeChoice).runtime).toBe(app.get(ContainerRuntime));
    expect(app.get(RuntimeChoice).reason).toBe('RUNTIME=process asks for it.');
    await app.close();
  });
});
