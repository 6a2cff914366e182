import type { AgentInstance } from '../agent-instances/agent-instance.js';

/** What lifecycle needs of an instance: everything but its texts, which can be large and are read when they are told to the agent. */
export type ManagedInstance = Pick<
  AgentInstance,
  | 'id'
  | 'tenantId'
  | 'projectId'
  | 'identifier'
  | 'manifest'
  | 'status'
  | 'pid'
  | 'openRuns'
  | 'lifecycle'
  | 'spawn'
  | 'signedOrigin'
  | 'revision'
  | 'removedAt'
>;
