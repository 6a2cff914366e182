export interface RuntimeOptions {
  /** auto: Docker where an engine answers and has the agent image, else the process runtime. */
  readonly runtime: 'auto' | 'docker' | 'process';
  /** As in DOCKER_HOST. @default unix:///var/run/docker.sock */
  readonly dockerHost?: string;
  /** A folder of the runtime's own, where no agent can write. */
  readonly stateDir: string;
  /** agent-server.mjs, for the process runtime. */
  readonly agentBundle: string;
  /** What agents find as /Agent, for the container engine. */
  readonly agentFolder?: string;
  /** The image that agents run from when their manifest names none. */
  readonly agentImage: string;
  /** The user agents run as. @default Muster's own, or 1000 when that is root */
  readonly uid?: number;
  /** NODE_ENV: the process runtime refuses `production`. */
  readonly nodeEnv: string;
  /** How agents in containers are reached. @default what a throwaway container shows to work */
  readonly dockerEndpoint?: 'unix' | 'exec';
  /** How long the engine may take for a call; has to be shorter than the reconciler's lease. @default 20 s */
  readonly callTimeoutMs?: number;
}
