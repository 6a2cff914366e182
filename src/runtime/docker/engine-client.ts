import Docker from 'dockerode';
import { RuntimeError } from '../../domain/runtime/runtime-errors.js';
import { endingWith } from './ending-with.js';
import { EngineDisk } from './engine-disk.js';
import { diskFull, toRuntimeError, type StatusMeaning } from './engine-error.js';
import type { EngineAddress } from './engine-address.js';

export interface EngineCall<T> {
  /** Completes "the engine refused to …". */
  readonly what: string;
  /** Each request to `docker` ends when the call does not succeed, which `signal` tells. */
  readonly run: (docker: Docker, signal: AbortSignal) => Promise<T>;
  readonly meaning?: StatusMeaning;
  /** What the call may take in addition, because it waits for something. */
  readonly moreTimeMs?: number;
  /** The engine writes for it, so it fails when its disk is full. @default false */
  readonly writes?: boolean;
}

/** What is so of every start. */
export const STARTING = { meaning: { otherwise: 'start-failed' }, writes: true } as const;

/** Every call to the engine goes through here: it has a limit of time, and fails as a RuntimeError. */
export class EngineClient {
  readonly docker: Docker;
  readonly isLocal: boolean;
  private readonly disk: EngineDisk | null;

  constructor(
    address: EngineAddress,
    private readonly timeoutMs: number,
  ) {
    this.docker = new Docker(address.options);
    this.isLocal = address.local;
    this.disk = address.local ? new EngineDisk(this.docker) : null;
  }

  /** Whether it answers. @throws RuntimeError unavailable, timeout */
  async ping(): Promise<void> {
    await this.call({ what: 'answer', run: (docker) => docker.ping() });
  }

  /** @throws RuntimeError */
  async call<T>({ what, run, meaning, moreTimeMs = 0, writes = false }: EngineCall<T>): Promise<T> {
    const controller = new AbortController();
    const limit = this.timeoutMs + moreTimeMs;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        const details = { call: what, timeoutMs: limit };
        reject(new RuntimeError('timeout', `The container engine did not ${what} within ${limit} ms.`, { details }));
      }, limit);
    });
    try {
      return await Promise.race([run(endingWith(this.docker, controller.signal), controller.signal), late]);
    } catch (error) {
      // It may still be under way; and dockerode leaves a connection open on which it was refused what it wanted to talk over.
      controller.abort();
      const failure = toRuntimeError(error, what, meaning);
      // What went wrong inside the engine has this status, whatever it was.
      if (writes && failure.details['status'] === 500 && (await this.disk?.isFull())) throw diskFull(failure, what);
      throw failure;
    } finally {
      clearTimeout(timer);
    }
  }
}
