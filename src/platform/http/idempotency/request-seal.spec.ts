import { describe, expect, it } from '@jest/globals';
import { RequestSeal } from './request-seal.js';

const SCOPE = ['tenant', 'key', 'POST', '/api/v1/projects', 'abc'];

describe('RequestSeal', () => {
  it('opens what the same key sealed', () => {
    const sealed = new RequestSeal('token', SCOPE).seal('{"key":"muster_…"}');
    expect(new RequestSeal('token', SCOPE).open(sealed)).toBe('{"key":"muster_…"}');
  });

  it('does not open what another key sealed, or what was changed', () => {
    const sealed = new RequestSeal('token', SCOPE).seal('secret');
    expect(() => new RequestSeal('other', SCOPE).open(sealed)).toThrow();
    sealed[sealed.length - 1] = (sealed.at(-1) ?? 0) ^ 1;
    expect(() => new RequestSeal('token', SCOPE).open(sealed)).toThrow();
  });

  it('seals an empty body', () => {
    const seal = new RequestSeal('token', SCOPE);
    expect(seal.open(seal.seal(''))).toBe('');
  });

  it('has an id for each scope, whatever the parts look like', () => {
    const ids = [SCOPE, ['tenant', 'key', 'POST', '/api/v1/projectsabc', ''], [...SCOPE, '']].map(
      (scope) => new RequestSeal('token', scope).id,
    );
    expect(new Set(ids).size).toBe(3);
  });

  it('takes the order of members for no difference, and anything else for one', () => {
    const seal = new RequestSeal('token', SCOPE);
    const print = seal.fingerprint('application/json', '', { a: 1, b: 2 });
    expect(seal.fingerprint('application/json', '', { b: 2, a: 1 })).toBe(print);
    expect(seal.fingerprint('application/json', '', { a: 1, b: 3 })).not.toBe(print);
    expect(seal.fingerprint('application/json', 'x=1', { a: 1, b: 2 })).not.toBe(print);
    expect(seal.fingerprint('application/yaml', '', { a: 1, b: 2 })).not.toBe(print);
    expect(seal.fingerprint('', '', undefined)).toBe(seal.fingerprint('', '', null));
  });
});
