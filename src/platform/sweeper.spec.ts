import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Sweeper } from './sweeper.js';

interface Sweep {
  readonly end: () => void;
  readonly fail: (error: Error) => void;
}

class TestSweeper extends Sweeper {
  /** Those under way, and those that have ended. */
  readonly sweeps: Sweep[] = [];
  private arrived = (): void => undefined;

  constructor(firstAfterMs?: number) {
    super('things', { everyMs: 1, ...(firstAfterMs === undefined ? {} : { firstAfterMs }) });
  }

  async sweep(): Promise<void> {
    return new Promise((end, fail) => {
      this.sweeps.push({ end, fail });
      this.arrived();
    });
  }

  /** Resolves at the beginning of the next one. */
  async begins(): Promise<void> {
    return new Promise((resolve) => (this.arrived = resolve));
  }

  get isStopping(): boolean {
    return this.stopping.aborted;
  }
}

describe(Sweeper, () => {
  let sut: TestSweeper;

  beforeEach(() => {
    sut = new TestSweeper();
    Logger.overrideLogger(false);
  });

  afterEach(async () => {
    for (const { end } of sut.sweeps) end();
    await sut.onModuleDestroy();
  });

  it('begins with the next one only when one has ended', async () => {
    const first = sut.begins();
    sut.onApplicationBootstrap();
    await first;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(sut.sweeps).toHaveLength(1);
    const second = sut.begins();
    sut.sweeps[0]!.end();
    await second;
    expect(sut.sweeps).toHaveLength(2);
  });

  it('goes on after one that failed', async () => {
    const first = sut.begins();
    sut.onApplicationBootstrap();
    await first;
    const second = sut.begins();
    sut.sweeps[0]!.fail(new Error('no database'));
    await second;
  });

  it('waits for the one in hand when it is stopped, tells it, and begins no other', async () => {
    const first = sut.begins();
    sut.onApplicationBootstrap();
    await first;
    let stopped = false;
    const stopping = sut.onModuleDestroy().then(() => (stopped = true));
    expect(sut.isStopping).toBe(true);
    await new Promise((resolve) => setImmediate(resolve));
    expect(stopped).toBe(false);
    sut.sweeps[0]!.end();
    await stopping;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(sut.sweeps).toHaveLength(1);
  });

  it('never begins when it is stopped before', async () => {
    sut.onApplicationBootstrap();
    await sut.onModuleDestroy();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(sut.sweeps).toHaveLength(0);
  });
});
