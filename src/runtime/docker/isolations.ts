import type { Shortcoming } from '../../domain/runtime/container-runtime.js';
import type { RuntimeSpec } from '../../domain/runtime/runtime-spec.js';

export type Isolation = RuntimeSpec['isolation'];

/** What goes with the OCI runtime that a container runs under. */
export interface IsolationTraits {
  /** As engines register it; null for the one they use by themselves. */
  readonly ociRuntime: string | null;
  /** Threads that the OCI runtime itself runs within the container's limit of processes. */
  readonly ownTasks: number;
  /** Does a paused container end when it is told to? */
  readonly endsPaused: boolean;
  /** What Muster cannot make up for. */
  readonly shortcomings: readonly Shortcoming[];
}

/** gVisor's kernel has 32 for one Node.js program, and some three more for each exec. */
const GVISOR_TASKS = 64;

export const ISOLATIONS: Readonly<Record<Isolation, IsolationTraits>> = {
  runc: { ociRuntime: null, ownTasks: 0, endsPaused: true, shortcomings: [] },
  gvisor: {
    ociRuntime: 'runsc',
    ownTasks: GVISOR_TASKS,
    endsPaused: false,
    shortcomings: [
      {
        feature: 'no-new-privileges',
        isolation: 'gvisor',
        effect: 'Programs cannot gain privileges, and do not see in /proc that they cannot.',
      },
      {
        feature: 'process-counts',
        isolation: 'gvisor',
        effect: `What an agent uses counts gVisor's own threads as processes, for which its limit is ${GVISOR_TASKS} more.`,
      },
    ],
  },
};

/** Under which one a container runs. */
export function isolationOf(ociRuntime: string | undefined): Isolation {
  const found = (Object.keys(ISOLATIONS) as Isolation[]).find((name) => ISOLATIONS[name].ociRuntime === ociRuntime);
  return found ?? 'runc';
}
