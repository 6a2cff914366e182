import type { AgentConnection } from '../../domain/runtime/agent-connection.js';
import type { ContainerAddress } from '../../domain/runtime/container-runtime.js';
import { AgentSocketUnsafeError, AgentUnreachableError } from '../../domain/runtime/runtime-errors.js';
import type { AgentExecSession } from '../agent/agent-exec-session.js';
import { dialAgentSocket } from '../agent/agent-socket.js';
import { HttpAgentConnection } from '../agent/http-agent-connection.js';
import { openExec, type AgentProgram } from '../agent/open-exec.js';
import type { Companions } from './companions.js';
import type { EngineClient } from './engine-client.js';
import type { EngineImages } from './engine-images.js';
import { openExecBridge } from './exec-bridge.js';
import { probeTransport, type AgentEndpoint, type Transport } from './transport-probe.js';

interface TransportOptions {
  /** How agents are reached, where it need not be found out. */
  readonly endpoint?: AgentEndpoint;
  readonly agentImage: string;
  readonly stateDir: string;
  readonly uid: number;
}

/** Reaches the agents: by their sockets in folders that Muster shares with the engine, or else by exec. */
export class AgentTransport {
  private found: Promise<Transport> | null = null;

  constructor(
    private readonly engine: EngineClient,
    private readonly images: EngineImages,
    private readonly companions: Companions,
    private readonly options: TransportOptions,
  ) {}

  /** Finds out which of both works, once: a throwaway container shows it. @throws RuntimeError */
  async probe(): Promise<Transport> {
    const { endpoint } = this.options;
    if (endpoint !== undefined) return { endpoint, sharedFolders: true };
    const underWay = (this.found ??= this.askThrowawayContainer());
    try {
      return await underWay;
    } catch (error) {
      if (this.found === underWay) this.found = null;
      throw error;
    }
  }

  /** @throws AgentUnreachableError, AgentSocketUnsafeError, RuntimeError */
  async connect(container: ContainerAddress): Promise<AgentConnection> {
    if (this.options.endpoint === 'exec') return this.connectByExec(container);
    try {
      // A socket that answers needs no proof that sockets work: agents are reached while the engine is away.
      return await this.connectBySocket(container);
    } catch (error) {
      if (!(error instanceof AgentUnreachableError) || (await this.probe()).endpoint === 'unix') throw error;
      return this.connectByExec(container);
    }
  }

  /**
   * Has the agent-server of a container start a program.
   * @returns null when it has none, or none that can: nothing was started then
   */
  async startProgram(
    { id, privateFolder }: ContainerAddress,
    program: AgentProgram,
    isRunning: () => Promise<boolean>,
  ): Promise<AgentExecSession | null> {
    if (this.options.endpoint === 'exec' || (await this.companions.of(id)) !== null) return null;
    try {
      const stream = await dialAgentSocket(id, privateFolder, { allowHalfOpen: true });
      return await openExec(id, stream, program, isRunning);
    } catch (error) {
      if (error instanceof AgentUnreachableError || error instanceof AgentSocketUnsafeError) return null;
      throw error;
    }
  }

  private async connectBySocket({ id, privateFolder }: ContainerAddress): Promise<AgentConnection> {
    const dial = (): ReturnType<typeof dialAgentSocket> => dialAgentSocket(id, privateFolder);
    const dialHalfOpen = (): ReturnType<typeof dialAgentSocket> =>
      dialAgentSocket(id, privateFolder, { allowHalfOpen: true });
    return new HttpAgentConnection(id, 'unix', dial, await dial(), dialHalfOpen);
  }

  private async connectByExec({ id }: ContainerAddress): Promise<AgentConnection> {
    const withServer = (await this.companions.of(id)) ?? id;
    const dial = (): ReturnType<typeof openExecBridge> => openExecBridge(this.engine, withServer);
    const connection = new HttpAgentConnection(id, 'exec', dial, await dial());
    try {
      // A bridge is there before it is known whether somebody listens at its other end.
      await connection.health();
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  private async askThrowawayContainer(): Promise<Transport> {
    const image = await this.images.resolve(this.options.agentImage);
    return probeTransport(this.engine, image, this.options);
  }
}
