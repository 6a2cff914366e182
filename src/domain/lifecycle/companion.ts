import type { RuntimeLimits } from '../runtime/runtime-spec.js';
import type { Manifest } from '../templates/manifest.js';
import type { PinnedImage, Replica } from './lifecycle.js';

/** Of agent-server alone: what it needs to render a prompt, to look after files, a piece at a time, and to pass on connections. */
export const AGENT_SERVER_LIMITS = {
  cpus: 1,
  memoryMiB: 256,
  pids: 64,
  tmpfsMiB: 16,
} as const satisfies RuntimeLimits;

/** What of an instance's lifecycle tells whether its containers have companions. */
export interface CompanionFacts {
  readonly image?: Pick<PinnedImage, 'companion'> | null;
  readonly replicas: readonly Pick<Replica, 'companionId'>[];
}

/**
 * Have its containers companions, as far as is known? Whether an image brings agent-server is found out when the agent's first
 * container is made; until then one that the manifest names is taken to need a companion, so that nothing is started beyond a quota.
 */
export function countsCompanion({ image }: Manifest, lifecycle: CompanionFacts | null): boolean {
  if (image === undefined) return false;
  const pinned = lifecycle?.image?.companion;
  if (pinned !== undefined) return pinned;
  // Of an agent that was made before this was written down its container tells.
  return lifecycle?.replicas[0]?.companionId !== null;
}
