import { AgentError } from '../errors.js';
import { log } from '../log.js';
import type { ConfigureRequest } from '../protocol.js';

const DIGEST_PREFIX = 12;

/** What this agent is. Nothing of it outlives the process: Muster configures anew after every start. */
export class AgentState {
  #configuration: ConfigureRequest | null = null;

  constructor(
    readonly renderTimeoutMs: number,
    /** The folder whose files it serves. */
    readonly files: string,
    /** The folder that secrets are put into. */
    readonly secrets: string,
  ) {}

  get digest(): string | null {
    return this.#configuration?.digest ?? null;
  }

  /** Replaces the configuration, unless it is the one it has. Runs in flight keep the one they began with. */
  configure(configuration: ConfigureRequest): void {
    if (configuration.digest === this.digest) return;
    this.#configuration = configuration;
    log(`configured ${configuration.identifier} ${configuration.digest.slice(0, DIGEST_PREFIX)}`);
  }

  /** @throws AgentError NOT_CONFIGURED */
  get configuration(): ConfigureRequest {
    if (this.#configuration === null) {
      throw new AgentError('NOT_CONFIGURED', 'This agent has no configuration yet. PUT /v1/configuration first.');
    }
    return this.#configuration;
  }
}
