import { describe, expect, it } from '@jest/globals';
import { withoutSecrets } from './without-secrets.js';

const KEY = '-----BEGIN KEY-----\nc2VjcmV0LWxpbmUtb25l\nshort\n-----END KEY-----\n';
const clean = (text: string, ...values: string[]): string =>
  withoutSecrets(
    text,
    values.map((value) => Buffer.from(value)),
  );

describe('a text without secrets', () => {
  it.each([
    ['as it is', 'npm ERR! token s3cr3t/+=! refused', 'npm ERR! token [secret] refused'],
    ['more than once', 's3cr3t/+=!s3cr3t/+=!', '[secret][secret]'],
    ['in an address', 'GET https://x:s3cr3t%2F%2B%3D!@host/', 'GET https://x:[secret]@host/'],
    ['as base64', `Basic ${Buffer.from('s3cr3t/+=!').toString('base64')}`, 'Basic [secret]=='],
    ['cut off at its beginning', 'r3t/+=! refused', '[secret] refused'],
    ['cut off, and nothing else', 't/+=!', '[secret]'],
  ])('has none that was written %s', (_how, text, expected) => {
    expect(clean(text, 's3cr3t/+=!')).toBe(expected);
  });

  it('has none that was kept with a line break at its end', () => {
    expect(clean('is s3cr3t/+=!, or czNjcjN0Lys9IQo', 's3cr3t/+=!\n')).toBe('is [secret], or [secret]');
  });

  it('has no line of one of several lines, but for what anything may say', () => {
    expect(clean('> c2VjcmV0LWxpbmUtb25l\n> short\n', KEY)).toBe('> [secret]\n> short\n');
    expect(clean(KEY, KEY)).toBe('[secret]\n');
  });

  it('has none of several of which one holds another', () => {
    expect(clean('password and password-2', 'password', 'password-2')).toBe('[secret] and [secret]');
  });

  it('is what it was where nothing of the kind was written, or given', () => {
    expect(clean('fine', 's3cr3t/+=!', '')).toBe('fine');
    expect(clean('3t! fine')).toBe('3t! fine');
  });
});
