import type { Shortcoming } from '../../domain/runtime/container-runtime.js';

/** Who answers. */
export type EngineKind = 'docker' | 'podman';

/** What of the interface an engine does in its own way, or not at all. Nothing else is to ask who it is. */
export interface EngineTraits {
  readonly name: string;
  /** Does it run a container under the OCI runtime it is asked for? */
  readonly takesOciRuntimes: boolean;
  /** Has it a status of its own for a name that is in use? Else a look has to tell. */
  readonly tellsNameConflicts: boolean;
  /** Does it stop a paused container? */
  readonly stopsPaused: boolean;
  /** Does it make a user the owner of memory, by number? Else it is asked to make the container's own user that. */
  readonly ownsMemoryByNumber: boolean;
  /** Does it fill memory with what the image has at that place, unless it is told not to? */
  readonly fillsMemory: boolean;
  /** Folders that it lets anybody write to, without a limit, although the root is read-only. */
  readonly leavesWritable: readonly string[];
  /** The limit of its user's processes that it has to be given; null where it sets none by itself. */
  readonly userProcesses: number | null;
  /** Does it tell, with what a container uses, its limit of processes, and nothing of a network that it has not? */
  readonly measuresBounds: boolean;
  /** Does it tell a container's limits as they were given, and take others while it runs? */
  readonly changesLimits: boolean;
  /** What Muster cannot make up for. */
  readonly shortcomings: readonly Shortcoming[];
}

export const ENGINES: Readonly<Record<EngineKind, EngineTraits>> = {
  docker: {
    name: 'Docker',
    takesOciRuntimes: true,
    tellsNameConflicts: true,
    stopsPaused: true,
    ownsMemoryByNumber: true,
    fillsMemory: false,
    leavesWritable: [],
    userProcesses: null,
    measuresBounds: true,
    changesLimits: true,
    shortcomings: [],
  },
  podman: {
    name: 'Podman',
    // It lists what it would look for, installed or not, and uses its usual one whatever a container asks for.
    takesOciRuntimes: false,
    tellsNameConflicts: false,
    stopsPaused: false,
    ownsMemoryByNumber: false,
    fillsMemory: true,
    leavesWritable: ['/run', '/var/tmp'],
    // Of all containers together, which no container's own limit counts: as many as Linux has numbers for. It would say a
    // million, and be refused where root may not raise limits.
    userProcesses: 32_768,
    measuresBounds: false,
    changesLimits: false,
    shortcomings: [
      {
        feature: 'log-times',
        effect: 'Lines of a log have the whole second in which they were written, and are asked for by whole seconds.',
      },
      {
        feature: 'terminal-size',
        effect: 'A terminal has the size it is given a moment after that was answered.',
      },
      {
        feature: 'measures',
        effect: 'What an agent uses is told each five seconds; its memory counts what the kernel could give back.',
      },
      {
        feature: 'registry-digests',
        effect:
          'Before Podman 6 no registry is asked what it has: an image that is not there yet is pinned when its agent first starts.',
      },
    ],
  },
};
