import { Logger, NotFoundException, type ArgumentsHost } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DomainError } from '../../domain/errors/domain-error.js';
import { FailureTranslator } from '../../domain/errors/failure-translator.js';
import { PROBLEMS, type ProblemCode } from '../../domain/errors/problem-catalogue.js';
import { ProblemFilter } from './problem.filter.js';

class DiskTranslator extends FailureTranslator {
  translate(error: unknown): DomainError | null {
    return error instanceof RangeError ? new DomainError('DATABASE_UNAVAILABLE', 'It is away.') : null;
  }
}

/** What the filter answers to an error. */
function answerTo(error: unknown, { sent = false } = {}) {
  const answer = { status: 0, headers: {} as Record<string, string>, body: null as any, destroyed: false };
  const reply = {
    sent,
    raw: { headersSent: sent, destroy: () => (answer.destroyed = true) },
    status: (status: number) => Object.assign(reply, { _: (answer.status = status) }),
    header: (name: string, value: string) => Object.assign(reply, { _: (answer.headers[name] = value) }),
    removeHeader: () => reply,
    send: (text: string) => (answer.body = JSON.parse(text)),
  };
  const http = { getRequest: () => ({ url: '/api/v1/things?secret=x', id: 'trace-1' }), getResponse: () => reply };
  new ProblemFilter([new DiskTranslator()]).catch(error, { switchToHttp: () => http } as unknown as ArgumentsHost);
  return answer;
}

describe('ProblemFilter', () => {
  const logged: unknown[] = [];

  beforeEach(() => {
    logged.length = 0;
    for (const level of ['error', 'warn'] as const) {
      jest.spyOn(Logger.prototype, level).mockImplementation((line: unknown) => void logged.push(line));
    }
  });

  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('tells facts and faults of a DomainError, and the path without its query', () => {
    const error = new DomainError('NAME_TAKEN', 'There is one.', {
      details: { name: 'x' },
      faults: [{ pointer: '/name', detail: 'is taken' }],
    });
    expect(answerTo(error)).toMatchObject({
      status: 409,
      headers: { 'content-type': 'application/problem+json; charset=utf-8' },
      body: {
        type: '/problems/NAME_TAKEN',
        title: 'The name is taken',
        status: 409,
        detail: 'There is one.',
        instance: '/api/v1/things',
        code: 'NAME_TAKEN',
        traceId: 'trace-1',
        errors: [{ pointer: '/name', detail: 'is taken' }],
        details: { name: 'x' },
      },
    });
  });

  it.each([new TypeError('password is hunter2'), 'a thrown text', null, { message: 'hunter2' }])(
    'tells nothing of an unknown error, and logs it with the trace id (%p)',
    (error) => {
      const { status, body } = answerTo(error);
      expect([status, body.code]).toEqual([500, 'INTERNAL']);
      expect(JSON.stringify(body)).not.toContain('hunter2');
      expect(logged).toEqual([{ msg: 'unexpected error', reqId: 'trace-1', err: error }]);
    },
  );

  it('asks the translators about errors of drivers', () => {
    expect(answerTo(new RangeError('driver')).body).toMatchObject({ code: 'DATABASE_UNAVAILABLE', status: 503 });
  });

  it("turns the framework's own refusals into problems", () => {
    expect(answerTo(new NotFoundException('Cannot GET /x')).body).toMatchObject({
      code: 'ROUTE_NOT_FOUND',
      status: 404,
    });
  });

  it('says when to come back, and how to prove who one is', () => {
    expect(answerTo(new DomainError('OUTBOX_FULL', 'x')).headers['retry-after']).toBe('5');
    expect(answerTo(new DomainError('UNAUTHENTICATED', 'x')).headers['www-authenticate']).toBe('Bearer realm="muster"');
  });

  it('breaks off an answer that has begun, rather than adding to it', () => {
    const answer = answerTo(new DomainError('INTERNAL', 'x'), { sent: true });
    expect([answer.destroyed, answer.body]).toEqual([true, null]);
  });

  it.each(Object.keys(PROBLEMS) as ProblemCode[])('has a status for %s', (code) => {
    const { status } = answerTo(new DomainError(code, 'x'));
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
  });
});
