import { expect, it } from '@jest/globals';
import { FakeEngine } from '../../../test/support/fake-engine.js';
import { FakeRuntime } from '../../../test/support/fake-runtime.js';
import { RuntimeCheck } from './runtime-check.js';

it('asks the runtime once for all that want to know at the same time, and again afterwards', async () => {
  const runtime = new FakeRuntime(new FakeEngine());
  const info = runtime.info.bind(runtime);
  let asked = 0;
  runtime.info = async () => {
    asked += 1;
    return info();
  };
  const sut = new RuntimeCheck({ runtime, reason: 'It is a fake.' });
  const told = await Promise.all([sut.check(), sut.check(), sut.check()]);
  expect(new Set(told).size).toBe(1);
  expect(asked).toBe(1);
  await sut.check();
  expect(asked).toBe(2);
});
