import { randomBytes } from 'node:crypto';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { DomainError } from '../../../domain/errors/domain-error.js';
import { ValidationFailedError } from '../../../domain/errors/validation-failed.error.js';
import {
  IdempotencyRecords,
  type IdempotencyClaim,
  type KeptAnswer,
} from '../../../domain/idempotency/idempotency-records.js';
import { jsonFaults } from '../../../domain/json-faults.js';
import type { AuthenticatedRequest } from '../caller.decorator.js';
import { BODY_MAX_DEPTH } from '../read-body.js';
import { RequestSeal } from './request-seal.js';

const KEEP_MS = 24 * 60 * 60 * 1000;
const SWEEP_EVERY_MS = 60 * 60 * 1000;
/** A process that dies while answering blocks the key for this long. */
const LEASE_MS = 60_000;
const RENEW_EVERY_MS = 20_000;
const KEY = /^[\x21-\x7e]{1,200}$/;
const METHODS: readonly string[] = ['POST', 'PATCH', 'PUT', 'DELETE'];
/** Besides the body, what of an answer is given again. */
const KEPT_HEADERS = ['content-type', 'etag', 'location', 'preference-applied'] as const;

interface OpenClaim {
  readonly claim: IdempotencyClaim;
  readonly seal: RequestSeal;
  readonly renewing: NodeJS.Timeout;
}

/**
 * Idempotency-Key on changes: the same key and request get the first answer again. Answers of 5xx are not kept, because
 * repeating the request is what they ask for; nor is what a dead process left half-answered, once its lease ended. A
 * change may then have happened already: that is told by its own rules (a name that is taken, a state that is reached).
 */
@Injectable()
export class Idempotency implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Idempotency');
  private readonly open = new WeakMap<FastifyRequest, OpenClaim>();
  /** Stands in for the API key of callers that need none (MUSTER_DEV_NO_AUTH): their answers live as long as the process. */
  private readonly processSecret = randomBytes(32).toString('hex');
  private sweeping: NodeJS.Timeout | undefined;

  constructor(private readonly records: IdempotencyRecords) {}

  onApplicationBootstrap(): void {
    void this.sweep();
    this.sweeping = setInterval(() => void this.sweep(), SWEEP_EVERY_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.sweeping);
  }

  register(server: FastifyInstance): void {
    server.addHook('onRoute', (route: RouteOptions) => {
      if (![route.method].flat().some((method) => METHODS.includes(method))) return;
      route.preHandler = [route.preHandler ?? [], this.begin.bind(this)].flat();
      route.onSend = [route.onSend ?? [], this.keep.bind(this)].flat();
      route.onResponse = [route.onResponse ?? [], this.giveUp.bind(this)].flat();
    });
  }

  private async begin(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const key = request.headers['idempotency-key'];
    const { principal } = request as FastifyRequest & AuthenticatedRequest;
    const isKept = request.routeOptions.config.muster?.keepsText !== true;
    if (key === undefined || principal === undefined || !isKept) return undefined;
    if (typeof key !== 'string' || !KEY.test(key)) {
      throw new ValidationFailedError([
        { pointer: 'Idempotency-Key', detail: 'must be 1 to 200 visible ASCII characters' },
      ]);
    }
    if (request.routeOptions.config.muster?.streams !== undefined) {
      const detail = 'cannot be kept for a stream of bytes; repeat the upload as it is, with If-Match or If-None-Match';
      throw new ValidationFailedError([{ pointer: 'Idempotency-Key', detail }]);
    }
    // Such a body is refused by every route; only it has to be before a digest walks through it.
    const unfit = typeof request.body === 'string' ? [] : jsonFaults(request.body ?? null, BODY_MAX_DEPTH);
    if (unfit.length > 0) throw new ValidationFailedError(unfit);
    const [path = '', query = ''] = request.url.split('?', 2);
    const token = request.headers.authorization ?? this.processSecret;
    const seal = new RequestSeal(token, [
      principal.tenantId,
      principal.apiKeyId,
      request.headers.authorization === undefined ? this.processSecret : '',
      request.method,
      path,
      key,
    ]);
    const claim: IdempotencyClaim = {
      id: seal.id,
      tenantId: principal.tenantId,
      fingerprint: seal.fingerprint(request.headers['content-type'] ?? '', query, request.body),
      owner: randomBytes(12).toString('hex'),
    };
    const outcome = await this.records.claim(claim, LEASE_MS, KEEP_MS);
    switch (outcome.kind) {
      case 'claimed':
        this.open.set(request, { claim, seal, renewing: this.startRenewing(claim) });
        return undefined;
      case 'running':
        throw new DomainError(
          'IDEMPOTENCY_IN_PROGRESS',
          'A request with this Idempotency-Key is still running. Repeat it in a few seconds to get its answer.',
        );
      case 'other-request':
        throw new DomainError(
          'IDEMPOTENCY_KEY_REUSED',
          'This Idempotency-Key was used for a request that said something else. Use a new key for a new request.',
        );
      case 'answered':
        return this.repeat(reply, outcome.answer, seal);
    }
  }

  private repeat(reply: FastifyReply, answer: KeptAnswer, seal: RequestSeal): FastifyReply {
    const body = seal.open(answer.sealedBody);
    reply.code(answer.status).headers(answer.headers).header('idempotency-replayed', 'true');
    return reply.send(body === '' ? undefined : body);
  }

  /** Before the answer leaves: who has it must be able to get it again. */
  private async keep(request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown> {
    const opened = this.open.get(request);
    if (opened === undefined) return payload;
    this.close(request, opened);
    const body = payload ?? '';
    try {
      if (reply.statusCode >= 500 || typeof body !== 'string') {
        await this.records.release(opened.claim);
      } else {
        const headers = Object.fromEntries(
          KEPT_HEADERS.flatMap((name) => {
            const value = reply.getHeader(name);
            return typeof value === 'string' ? [[name, value]] : [];
          }),
        );
        const answer = { status: reply.statusCode, headers, sealedBody: opened.seal.seal(body) };
        await this.records.complete(opened.claim, answer);
      }
    } catch (cause) {
      // The change is made, and the caller has to hear of it. The key stays taken until its lease ends.
      this.logger.error({ msg: 'an answer could not be kept for its idempotency key', reqId: request.id, err: cause });
    }
    return payload;
  }

  /** What never came to a body of its own (a stream that took the connection over) is not kept. */
  private async giveUp(request: FastifyRequest): Promise<void> {
    const opened = this.open.get(request);
    if (opened === undefined) return;
    this.close(request, opened);
    try {
      await this.records.release(opened.claim);
    } catch (cause) {
      this.logger.warn({ msg: 'an idempotency key stays taken until its lease ends', reqId: request.id, err: cause });
    }
  }

  private close(request: FastifyRequest, { renewing }: OpenClaim): void {
    clearInterval(renewing);
    this.open.delete(request);
  }

  private startRenewing(claim: IdempotencyClaim): NodeJS.Timeout {
    return setInterval(() => {
      this.records.renew(claim).catch((cause: unknown) => {
        this.logger.warn({ msg: 'a lease on an idempotency key could not be renewed', err: cause });
      });
    }, RENEW_EVERY_MS).unref();
  }

  private async sweep(): Promise<void> {
    try {
      await this.records.sweep(KEEP_MS);
    } catch (cause) {
      this.logger.warn({ msg: 'old idempotency keys could not be removed; the next sweep will', err: cause });
    }
  }
}
