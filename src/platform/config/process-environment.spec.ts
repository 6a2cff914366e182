import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { childEnvironment } from './child-environment.js';
import { takeEnvironment } from './process-environment.js';

const KEY = 'a-key-that-is-long-enough';
const TOKEN = 'token-of-somebody-else';
let before: NodeJS.ProcessEnv;

beforeEach(() => {
  before = { ...process.env };
  Object.assign(process.env, {
    BOOTSTRAP_ADMIN_KEY: KEY,
    MONGODB_URI: 'mongodb://me:hunter2@somewhere/muster',
    SOME_TOKEN: TOKEN,
    PORT: '1234',
  });
});

afterEach(() => {
  for (const name of Object.keys(process.env)) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, before);
});

// Said explicitly: Jest's process.env is a copy of the one that a child would inherit.
const seenByAChild = (env: NodeJS.ProcessEnv): string => execFileSync('env', { encoding: 'utf8', env });

describe('takeEnvironment', () => {
  it('gives everything, and leaves the secrets to no process that is started afterwards', () => {
    expect(takeEnvironment()).toMatchObject({ BOOTSTRAP_ADMIN_KEY: KEY, PORT: '1234' });
    const seen = seenByAChild(process.env);
    expect(seen).toContain('PORT=1234');
    expect(seen).not.toMatch(new RegExp(`${KEY}|hunter2`));
  });
});

describe('childEnvironment', () => {
  it('passes on what programs need to run, and nothing else', () => {
    const seen = seenByAChild(childEnvironment());
    expect(seen).toContain(`PATH=${process.env['PATH'] ?? ''}`);
    expect(seen).not.toMatch(new RegExp(`${KEY}|hunter2|${TOKEN}|PORT`));
  });
});
