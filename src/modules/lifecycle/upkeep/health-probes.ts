import { Injectable } from '@nestjs/common';
import { DomainError } from '../../../domain/errors/domain-error.js';
import type { ManagedInstance } from '../../../domain/lifecycle/managed-instance.js';
import { upkeepOf } from '../../../domain/lifecycle/upkeep.js';
import type { AgentConnection, LoopbackProbe, ProbeResult } from '../../../domain/runtime/agent-connection.js';
import type { ContainerAddress } from '../../../domain/runtime/container-runtime.js';
import { RuntimeError } from '../../../domain/runtime/runtime-errors.js';
import { AgentConnections } from '../agent-connections.js';
import { BoundedExec } from '../bounded-exec.js';
import { ContainerPlanner } from '../container-planner.js';
import { within } from '../within.js';

/** Beyond the time of a check that agent-server makes: the time is told by its own answer then. */
const ANSWER_MS = 1000;

interface Asked {
  readonly instance: ManagedInstance;
  readonly containerId: string;
  readonly replica: number;
}

/** Asks a running agent once whether it is well, in the way its manifest says. */
@Injectable()
export class HealthProbes {
  constructor(
    private readonly planner: ContainerPlanner,
    private readonly connections: AgentConnections,
    private readonly exec: BoundedExec,
  ) {}

  /**
   * @returns what is wrong with it, in Muster's own words (never the agent's); null: it is well
   * @throws RuntimeError when the engine is what does not answer: that says nothing about the agent
   */
  async faultOf(instance: ManagedInstance, containerId: string, replica = 0): Promise<string | null> {
    const { probe, timeoutMs } = upkeepOf(instance.manifest);
    switch (probe.kind) {
      case 'agent':
        return this.ask({ instance, containerId, replica }, timeoutMs, async (agent) => {
          await agent.health(timeoutMs);
          return null;
        });
      case 'http':
      case 'tcp':
        return this.ask({ instance, containerId, replica }, timeoutMs + ANSWER_MS, async (agent) =>
          toFault(probe, await agent.probe(probe, timeoutMs), timeoutMs),
        );
      case 'command':
        return this.runCommand(await this.planner.addressOf(instance, replica, containerId), probe.command, timeoutMs);
    }
  }

  private async ask(
    { instance, containerId, replica }: Asked,
    limitMs: number,
    question: (agent: AgentConnection) => Promise<string | null>,
  ): Promise<string | null> {
    const asking = async (): Promise<string | null> => {
      return question(await this.connections.to(await this.planner.addressOf(instance, replica, containerId)));
    };
    try {
      return await within(limitMs, 'The health check', asking());
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      this.connections.failed(containerId, error);
      if (error instanceof RuntimeError && error.failure === 'timeout')
        return noAnswer(upkeepOf(instance.manifest).timeoutMs);
      if (error instanceof RuntimeError) throw error;
      if (error.details['agentCode'] === 'ROUTE_NOT_FOUND') return 'the agent-server in its image has no such check';
      return error.code === 'AGENT_SOCKET_UNSAFE'
        ? 'agent.sock is not a socket any more'
        : 'agent-server does not answer';
    }
  }

  private async runCommand(
    container: ContainerAddress,
    command: readonly string[],
    limitMs: number,
  ): Promise<string | null> {
    const exitCode = await this.exec.run(container, command, AbortSignal.timeout(limitMs)).catch(ifRefused);
    if (exitCode === 0) return null;
    if (exitCode === 'refused') return 'it could not be started';
    return exitCode === null ? `it did not end within ${limitMs / 1000} s` : `it ended with exit code ${exitCode}`;
  }
}

/** A container without a shell, or with no process left to it. */
function ifRefused(error: unknown): 'refused' {
  if (error instanceof RuntimeError && error.failure === 'refused') return 'refused';
  throw error;
}

const noAnswer = (ms: number): string => `no answer within ${ms / 1000} s`;

function toFault({ port }: LoopbackProbe, { result, status }: ProbeResult, timeoutMs: number): string | null {
  switch (result) {
    case 'ok':
      return null;
    case 'refused':
      return `nothing listens on port ${port}`;
    case 'timeout':
      return noAnswer(timeoutMs);
    case 'broken':
      return 'what answers does not speak HTTP';
    case 'status':
      return `the answer's status is ${status ?? 'unknown'}`;
  }
}
