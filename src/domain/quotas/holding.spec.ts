import { describe, expect, it } from '@jest/globals';
import { newId, type AgentInstanceId, type ProjectId } from '../ids.js';
import type { CompanionFacts } from '../lifecycle/companion.js';
import type { Manifest } from '../templates/manifest.js';
import { runningHolding } from './holding.js';

const OF_ITS_OWN: Manifest = { image: 'postgres:18', resources: { cpus: 0.5, memoryMiB: 300 } };
const amounts = (manifest: Manifest, replicas: number, lifecycle?: CompanionFacts): number[] => {
  const about = { id: newId<AgentInstanceId>(), projectId: newId<ProjectId>(), manifest };
  const holding = runningHolding({ ...about, ...(lifecycle === undefined ? {} : { lifecycle }) }, replicas, 0);
  return [holding.amounts.replicas!, holding.amounts.cpus!, holding.amounts.memoryMiB!];
};

describe('what an agent takes up to run', () => {
  it.each<[string, CompanionFacts | undefined, boolean]>([
    ['that is not made yet', undefined, true],
    ['that never started', { replicas: [] }, true],
    ['that was found to need one', { replicas: [], image: { companion: true } }, true],
    ['that was found to need none', { replicas: [], image: { companion: false } }, false],
    ['whose container has one, from before that was noted', { replicas: [{ companionId: 'c' }], image: {} }, true],
    ['whose container has none, from before that was noted', { replicas: [{ companionId: null }], image: {} }, false],
    ['whose container is from before there were any', { replicas: [{}], image: {} }, true],
  ])('counts the companion of one with an image of its own %s', (_which, lifecycle, isCounted) => {
    expect(amounts(OF_ITS_OWN, 2, lifecycle)).toEqual(isCounted ? [2, 3, 1112] : [2, 1, 600]);
  });

  it('counts none where the image is the installation’s', () => {
    expect(amounts({ resources: { cpus: 0.5 } }, 3)).toEqual([3, 1.5, 1536]);
  });
});
