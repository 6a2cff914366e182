import { Injectable } from '@nestjs/common';
import { variablesMissing } from '../../../domain/lifecycle/container-program.js';
import type { ReplicaSecret } from '../../../domain/lifecycle/lifecycle.js';
import type { ManagedInstance } from '../../../domain/lifecycle/managed-instance.js';
import type { AgentConnection } from '../../../domain/runtime/agent-connection.js';
import { SecretVault, type OpenSecret } from '../../../domain/secrets/secret-vault.js';
import { withoutSecrets } from '../../../domain/secrets/without-secrets.js';
import { secretsOf } from '../../../domain/templates/secret-files.js';
import { Engine } from '../reconciler/engine.js';
import type { ReplicaHold } from '../reconciler/replica-hold.js';
import { AgentArrival } from './agent-arrival.js';
import { containerOf } from './container-of.js';

/** Gives agents the values of their secrets. They are open only on the way from the vault to the agent's socket. */
@Injectable()
export class SecretDelivery {
  constructor(
    private readonly vault: SecretVault,
    private readonly engine: Engine,
    private readonly arrival: AgentArrival,
  ) {}

  /**
   * To the companion, which is started for it, so that the program of an image that knows nothing of Muster finds them at its very start.
   * @returns null when nothing is given that way; `interrupted` when something else is wanted meanwhile
   * @throws as `give`; CompanionExitedError, HEALTH_CHECK_TIMEOUT, LeaseLostError
   */
  async giveBeforeStart(hold: ReplicaHold): Promise<readonly ReplicaSecret[] | 'interrupted' | null> {
    if (planned(hold).length === 0) return null;
    const id = containerOf(hold);
    const companion = await this.engine.call(hold, 'Starting the companion', (runtime) => runtime.startCompanion(id));
    if (companion === null) return null;
    const connection = await this.arrival.companion(hold, companion);
    if (connection === null) return 'interrupted';
    try {
      return await this.give(hold, connection);
    } finally {
      connection.close();
    }
  }

  /**
   * To whom its container was made for, the newest version of each.
   * @returns what it was given, for its record
   * @throws DomainError VARIABLE_MISSING when one that it needs is gone, SECRET_UNREADABLE, RUNTIME_UNSUPPORTED, AGENT_UNREACHABLE
   */
  async give(hold: ReplicaHold, connection: AgentConnection): Promise<readonly ReplicaSecret[]> {
    const wanted = planned(hold);
    if (wanted.length === 0) return [];
    return this.opened(hold, async (opened) => {
      const byName = new Map(opened.map((secret) => [secret.name, secret]));
      assertComplete(hold.instance.manifest, byName);
      hold.assertAlive();
      await connection.giveSecrets(
        wanted.flatMap(({ variable, name }) => {
          const secret = byName.get(name);
          return secret === undefined ? [] : [{ name: variable, value: secret.value }];
        }),
      );
      return wanted.map(({ variable, name }) => ({ variable, name, given: givenOf(byName.get(name)) }));
    });
  }

  /** What a program wrote that has them, without them. @throws DomainError SECRET_UNREADABLE */
  async conceal(hold: ReplicaHold, text: string): Promise<string> {
    return this.opened(hold, async (opened) =>
      Promise.resolve(
        withoutSecrets(
          text,
          opened.map(({ value }) => value),
        ),
      ),
    );
  }

  private async opened<T>(hold: ReplicaHold, use: (opened: readonly OpenSecret[]) => Promise<T>): Promise<T> {
    const { tenantId, projectId } = hold.instance;
    const names = new Set(planned(hold).map(({ name }) => name));
    const opened = await this.vault.open(tenantId, projectId, [...names]);
    try {
      return await use(opened);
    } finally {
      for (const { value } of opened) value.fill(0);
    }
  }
}

/** What the container was made with a place for. */
const planned = ({ instance }: ReplicaHold): readonly ReplicaSecret[] => instance.lifecycle.replicas[0]?.secrets ?? [];

const givenOf = (secret: OpenSecret | undefined): ReplicaSecret['given'] =>
  secret === undefined ? null : { secretId: secret.secretId, scope: secret.scope, version: secret.version };

function assertComplete(manifest: ManagedInstance['manifest'], opened: ReadonlyMap<string, unknown>): void {
  const missing = secretsOf(manifest).filter(({ secret, required }) => required && !opened.has(secret));
  if (missing.length > 0) throw variablesMissing(missing.map(({ variable, secret }) => ({ name: variable, secret })));
}
