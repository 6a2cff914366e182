import type { AgentEndpoint } from './transport-probe.js';

export interface DockerRuntimeOptions {
  /** As in DOCKER_HOST: unix:///…, tcp://…, http(s)://… @default unix:///var/run/docker.sock */
  readonly host?: string;
  /** Where Muster keeps folders of its own; the probe makes one there. */
  readonly stateDir: string;
  /** The image of the throwaway container that shows how agents can be reached. */
  readonly agentImage: string;
  /** What agents find as /Agent whose image has none. @default there is none */
  readonly agentFolder?: string;
  /** The user agents run as; @default Muster's own, or 1000 when that is root */
  readonly uid?: number;
  /** How agents are reached. @default what a throwaway container shows to work */
  readonly endpoint?: AgentEndpoint;
  /** How long the engine may take for a call; has to be shorter than the reconciler's lease. @default 20 s */
  readonly callTimeoutMs?: number;
  /** @default 5 minutes */
  readonly pullTimeoutMs?: number;
  /** How long a resolved image is taken to be what its reference still means. @default 1 minute */
  readonly imageCacheMs?: number;
  /** How often the engine is asked whether it is still there while events are awaited. @default 15 s */
  readonly heartbeatMs?: number;
}
