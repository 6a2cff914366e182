import { describe, expect, it } from '@jest/globals';
import { DomainError } from '../../domain/errors/domain-error.js';
import { Log } from './log.js';

function logTo(): { log: Log; lines: () => Record<string, unknown>[] } {
  const written: string[] = [];
  const log = new Log({ level: 'debug', format: 'json', destination: { write: (line) => written.push(line) } });
  return { log, lines: () => written.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

describe('Log', () => {
  it('writes what Nest gives it: text, facts, and the context last', () => {
    const { log, lines } = logTo();
    log.log('started', 'Muster');
    log.warn({ msg: 'slow', ms: 7 }, 'Http');
    expect(lines()).toMatchObject([
      { level: 'info', context: 'Muster', msg: 'started' },
      { level: 'warn', context: 'Http', msg: 'slow', ms: 7 },
    ]);
  });

  it('never prints secrets, souls or prompts', () => {
    const { log, lines } = logTo();
    const secret = 'do-not-print';
    log.log({
      msg: 'x',
      authorization: secret,
      soul: secret,
      uri: secret,
      request: { cookie: secret, apiKey: secret, prompt: secret, body: secret },
    });
    expect(JSON.stringify(lines())).not.toContain(secret);
    expect(lines()).toMatchObject([{ authorization: '[redacted]', request: { cookie: '[redacted]' } }]);
  });

  it('tells an error by type, code, stack and causes, without its other properties', () => {
    const { log, lines } = logTo();
    const cause = Object.assign(new TypeError('write failed'), { code: 121, op: { soul: 'a whole document' } });
    log.error({ msg: 'failed', err: new DomainError('INTERNAL', 'told', { cause }) }, 'Http');
    expect(JSON.stringify(lines())).not.toContain('a whole document');
    expect(lines()).toMatchObject([
      {
        err: {
          type: 'DomainError',
          code: 'INTERNAL',
          cause: { type: 'TypeError', code: 121, message: 'write failed' },
        },
      },
    ]);
  });

  it('ends a circle of causes', () => {
    const { log, lines } = logTo();
    const error = new TypeError('round');
    error.cause = error;
    log.error(error, 'Http');
    expect(lines()).toHaveLength(1);
  });
});
