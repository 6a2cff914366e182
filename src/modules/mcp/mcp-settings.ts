import type { Configuration } from '../../platform/config/configuration.js';

/** The MCP sessions' times, all in ms, and their limits. */
export class McpSettings {
  readonly perAgent: number = 10;
  readonly perTenant: number = 100;
  readonly idleMs: number = 1_800_000;
  readonly longestMs: number = 86_400_000;
  /** Of one message of a server, in bytes. */
  readonly messageBytes: number = 4_194_304;
  /** How often the times of sessions are looked at. */
  readonly timesEveryMs: number = 1_000;
  /** How often the key of a session is looked at again: as long as a verified key is trusted. */
  readonly accessEveryMs: number = 5_000;
  /** How long a process that fell silent is still believed to be there. */
  readonly ownedMs: number = 30_000;
  readonly renewEveryMs: number = 8_000;
  readonly sweepEveryMs: number = 15_000;
  /** How long a server may take to end once it has no more input; then it is ended. */
  readonly endMs: number = 1_000;
  readonly heartbeatMs: number = 15_000;
  /** How long a client may take nothing of what it asked for. */
  readonly stallMs: number = 60_000;

  constructor(overrides: Partial<McpSettings> = {}) {
    Object.assign(this, overrides);
  }

  static from({ mcp }: Configuration): McpSettings {
    const { perAgent, perTenant, idleSeconds, maxSeconds, messageBytes } = mcp;
    const times = { idleMs: idleSeconds * 1000, longestMs: maxSeconds * 1000 };
    return new McpSettings({ perAgent, perTenant, messageBytes, ...times });
  }
}
