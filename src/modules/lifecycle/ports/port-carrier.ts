import { Injectable, Logger } from '@nestjs/common';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { DomainError } from '../../../domain/errors/domain-error.js';
import { AgentUse } from '../../../domain/lifecycle/agent-use.js';
import type { InstancePath } from '../../../domain/lifecycle/lifecycle-records.js';
import type { Tunnel } from '../../../domain/runtime/tunnel.js';
import { LifecycleService } from '../lifecycle.service.js';

/** Carries one connection of somebody on this host to a port of an agent. It is a use: it wakes the agent, and keeps it awake. */
@Injectable()
export class PortCarrier {
  private readonly logger = new Logger(PortCarrier.name);

  constructor(
    private readonly use: AgentUse,
    private readonly lifecycle: LifecycleService,
  ) {}

  /** Resolves when it is over, whatever came of it; the socket is closed then. */
  async carry(client: Socket, path: InstancePath, port: number): Promise<void> {
    const gone = new AbortController();
    client.on('error', () => undefined);
    client.once('close', () => {
      gone.abort(new DomainError('AGENT_UNREACHABLE', 'The client is gone.'));
    });
    try {
      await this.use.during(
        path,
        async (instance) => {
          await join(client, await this.lifecycle.tunnelTo(instance, port, gone.signal), gone.signal);
        },
        gone.signal,
      );
    } catch (error) {
      const level = error instanceof DomainError || gone.signal.aborted ? 'debug' : 'warn';
      this.logger[level]({ msg: 'a connection to an agent broke off', agent: path.id, port, err: error });
    } finally {
      client.destroy();
    }
  }
}

/** Until both directions have ended, or one broke. Who does not read makes the other wait. */
async function join(client: Socket, tunnel: Tunnel, gone: AbortSignal): Promise<void> {
  const close = (): void => {
    tunnel.close();
  };
  gone.addEventListener('abort', close, { once: true });
  try {
    if (gone.aborted) return;
    await Promise.all([toProgram(client, tunnel), toClient(tunnel, client, gone)]);
  } finally {
    gone.removeEventListener('abort', close);
    close();
  }
}

async function toProgram(client: Socket, tunnel: Tunnel): Promise<void> {
  // The end of what it sends is not the end of what it is sent.
  for await (const piece of client.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    await tunnel.write(piece);
  }
  tunnel.end();
}

async function toClient(tunnel: Tunnel, client: Socket, signal: AbortSignal): Promise<void> {
  for await (const piece of tunnel.output) {
    if (!client.write(piece)) await once(client, 'drain', { signal });
  }
  client.end();
}
