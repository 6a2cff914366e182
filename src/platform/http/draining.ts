import { Injectable, Logger } from '@nestjs/common';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { setMaxListeners } from 'node:events';
import { DomainError } from '../../domain/errors/domain-error.js';
import { Configuration } from '../config/configuration.js';

/** Ends the HTTP side of this process: new requests are refused, those in flight are finished. */
@Injectable()
export class Draining {
  private readonly logger = new Logger('Http');
  private readonly inFlight = new Set<FastifyReply>();
  private readonly started = new AbortController();
  private idle: (() => void) | undefined;
  private server: FastifyInstance | undefined;

  constructor(private readonly configuration: Configuration) {
    // Whoever waits or streams listens: as many as there are requests, which Node would take for a leak.
    setMaxListeners(0, this.started.signal);
  }

  /** Aborted when the end begins. Streams without an end of their own (logs that are followed) end on it. */
  get signal(): AbortSignal {
    return this.started.signal;
  }

  register(server: FastifyInstance): void {
    this.server = server;
    server.addHook('onRequest', (_request, reply, done) => {
      if (this.started.signal.aborted) {
        reply.header('connection', 'close');
        done(new DomainError('SHUTTING_DOWN', 'This server is shutting down. Try again in a few seconds.'));
        return;
      }
      this.inFlight.add(reply);
      reply.raw.once('close', () => {
        this.leave(reply);
      });
      done();
    });
    server.addHook('onResponse', (_request, reply, done) => {
      this.leave(reply);
      done();
    });
  }

  /** Resolves when nothing is in flight any more, or when the grace period is over; then what is left is cut off. */
  async drain(): Promise<void> {
    if (this.started.signal.aborted) return;
    this.started.abort();
    if (this.inFlight.size === 0) return;
    this.logger.log({ msg: 'finishing requests in flight', requests: this.inFlight.size });
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => {
        resolve('late');
      }, this.configuration.shutdownGraceSeconds * 1000);
    });
    const done = new Promise<'idle'>((resolve) => {
      this.idle = () => {
        resolve('idle');
      };
    });
    const outcome = await Promise.race([done, tooLate]);
    clearTimeout(timer);
    if (outcome === 'late') {
      this.logger.warn({ msg: 'cut off requests that outlasted the grace period', requests: this.inFlight.size });
      this.server?.server.closeAllConnections();
    }
  }

  private leave(reply: FastifyReply): void {
    this.inFlight.delete(reply);
    if (this.inFlight.size === 0) this.idle?.();
  }
}
