import { describe, expect, it } from '@jest/globals';
import type { ContainerObservation } from '../../domain/runtime/container-runtime.js';
import { changesBetween } from './process-events.js';

const first = new Date(1000);
const second = new Date(2000);

function seen(state: ContainerObservation['state'], startedAt: Date | null): ContainerObservation {
  const facts = {
    id: 'a.1',
    name: 'a',
    owner: null,
    specDigest: null,
    pid: null,
    exitCode: null,
    finishedAt: null,
    oomKilled: false,
  };
  return { ...facts, state, startedAt };
}

describe('changesBetween', () => {
  it.each([
    ['nothing', seen('running', first), seen('running', first), []],
    ['a creation', undefined, seen('created', null), []],
    ['a start', seen('created', null), seen('running', first), ['started']],
    ['a container that was found running', undefined, seen('running', first), ['started']],
    ['an end', seen('running', first), seen('exited', first), ['exited']],
    ['an end while paused', seen('paused', first), seen('exited', first), ['exited']],
    ['a start and an end at once', seen('created', null), seen('exited', first), ['started', 'exited']],
    ['a restart at once', seen('running', first), seen('running', second), ['exited', 'started']],
    ['a restart that failed', seen('running', first), seen('exited', second), ['exited', 'started', 'exited']],
    ['a start and a pause at once', seen('exited', first), seen('paused', second), ['started', 'paused']],
    ['a pause', seen('running', first), seen('paused', first), ['paused']],
    ['a pause’s end', seen('paused', first), seen('running', first), ['unpaused']],
    ['a removal', seen('exited', first), undefined, ['removed']],
    ['a removal while running', seen('running', first), undefined, ['exited', 'removed']],
  ] as const)('tells %s', (_what, before, after, kinds) => {
    expect(changesBetween(before, after)).toEqual(kinds);
  });
});
