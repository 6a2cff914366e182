export interface ProcessRuntimeOptions {
  /** Where it keeps what it knows of its containers. Only Muster may write there. */
  readonly stateDir: string;
  /** agent-server.mjs, as packages/agent-server builds it. */
  readonly agentBundle: string;
  /** The image name that stands for the bundle; this runtime has no other. */
  readonly agentImage: string;
  /** NODE_ENV, for it refuses production. */
  readonly nodeEnv: string;
  /** The user agents run as; @default Muster's own, or 1000 when that is root */
  readonly uid?: number;
  /** How often it looks for what other Muster processes did and what ended unseen. @default 1000 */
  readonly lookEveryMs?: number;
  /** A log is rotated when it is larger; two of them are kept. @default 4 MiB */
  readonly maxLogBytes?: number;
}
