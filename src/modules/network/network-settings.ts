/** What carrying connections may take. No user has a reason to set it. Times in ms. */
export class NetworkSettings {
  /** How long a Muster that fell silent is believed to hold an agent's uplinks. */
  readonly leaseMs: number = 8_000;
  /** First wait after an uplink could not be opened; twice as long each time. */
  readonly retryMs: number = 100;
  readonly retryLongestMs: number = 5_000;
  /** An uplink that held so long ends a row of failures. */
  readonly stableMs: number = 10_000;
  /** Connections that this process carries at once, of all agents. */
  readonly mostConnections: number = 4_096;
  /** Names and connections that one agent may ask for: so many at once, and so many a second. */
  readonly burst: number = 256;
  readonly perSecond: number = 64;
  /** Refused for that so often in a row, the uplink is closed: somebody does nothing but ask. */
  readonly floodAfter: number = 2_048;
  /** For finding the addresses of a host, and for connecting to one of them. */
  readonly resolveMs: number = 5_000;
  readonly connectMs: number = 5_000;
  /** For waking the agent that a connection is for. */
  readonly wakeMs: number = 60_000;
  /** How often what was carried is told to the event log. */
  readonly tellMs: number = 60_000;

  constructor(overrides: Partial<NetworkSettings> = {}) {
    Object.assign(this, overrides);
  }
}
