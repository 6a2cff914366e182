import Docker from 'dockerode';
import { describe } from '@jest/globals';
import { engineKind, engineMissing, ENGINE_HOST } from './engine.js';

/** An engine, or a way to use one, that the contract of runtimes is tested on. */
export interface TestEngine {
  readonly title: string;
  readonly kind: 'docker' | 'gvisor' | 'podman';
  /** As in DOCKER_HOST; empty when there is none. */
  readonly host: string;
  readonly isolation: 'runc' | 'gvisor';
  /** Why it cannot be used; null when it can. */
  readonly missing: string | null;
}

/** The usual one. */
export const DOCKER: TestEngine = {
  title: 'Docker',
  kind: engineKind,
  host: ENGINE_HOST,
  isolation: 'runc',
  missing: engineMissing,
};

/** Those that `npm test` has prepared beside it, the missing ones too. */
export const OTHER_ENGINES: readonly TestEngine[] = prepared();

/** describe, or a loud skip where there is no such engine; the run's end counts the skips. */
export function describeOn({ title, missing }: TestEngine, tests: () => void): void {
  if (missing === null) {
    describe(title, tests);
    return;
  }
  process.stderr.write(`\nSKIPPED, no ${title}: ${missing}\n`);
  describe.skip(title, tests);
}

/** The engine itself, for looking behind Muster's back. */
export function engineAt({ host }: Pick<TestEngine, 'host'>): Docker {
  return new Docker({ socketPath: host.replace(/^unix:\/\//, ''), timeout: 30_000 });
}

function prepared(): TestEngine[] {
  const text = process.env['MUSTER_TEST_ENGINES'];
  if (text !== undefined) return JSON.parse(text) as TestEngine[];
  const missing = 'scripts/test.mjs prepares it, and did not run this test';
  return [
    { title: 'Docker with gVisor', kind: 'gvisor', host: '', isolation: 'gvisor', missing },
    { title: 'Podman', kind: 'podman', host: '', isolation: 'runc', missing },
  ];
}
