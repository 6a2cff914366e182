import type { ContainerInspectInfo, HostConfig } from 'dockerode';
import type { EngineClient } from './engine-client.js';

/**
 * On each container: what it was made with of what an engine lets anybody change afterwards (`docker update`). Labels cannot be changed.
 * As JSON: NanoCpus, Memory, MemorySwap, PidsLimit.
 */
export const LIMITS_LABEL = 'io.muster.limits';

type Limits = Pick<HostConfig, 'NanoCpus' | 'Memory' | 'MemorySwap' | 'PidsLimit'>;

const limitsOf = ({ NanoCpus, Memory, MemorySwap, PidsLimit }: Limits): string =>
  JSON.stringify([NanoCpus, Memory, MemorySwap, PidsLimit]);

export const limitsLabel = (made: HostConfig): Record<string, string> => ({ [LIMITS_LABEL]: limitsOf(made) });

/** false too where nobody noted what it was made with. */
export function isAltered({ Config, HostConfig: found }: Pick<ContainerInspectInfo, 'Config' | 'HostConfig'>): boolean {
  const made = labelOf(Config);
  if (made === null) return false;
  const restarts = found.RestartPolicy?.Name ?? '';
  return made !== limitsOf(found) || !['', 'no'].includes(restarts);
}

/** @throws RuntimeError */
export async function restoreLimits(engine: EngineClient, id: string): Promise<void> {
  await engine.call({
    what: `give container ${id} its limits back`,
    run: async (docker) => {
      const container = docker.getContainer(id);
      const made = labelOf((await container.inspect()).Config);
      if (made === null) return;
      const [NanoCpus, Memory, MemorySwap, PidsLimit] = JSON.parse(made) as number[];
      await container.update({ NanoCpus, Memory, MemorySwap, PidsLimit, RestartPolicy: { Name: 'no' } });
    },
  });
}

/** Engines write null for no labels, which dockerode's types do not know. */
function labelOf({ Labels }: ContainerInspectInfo['Config']): string | null {
  return (Labels as Readonly<Record<string, string>> | null)?.[LIMITS_LABEL] ?? null;
}
