import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { envExample } from './env-example.js';
import { VARIABLES } from './variables.js';

const file = readFileSync('.env.example', 'utf8');

describe('.env.example', () => {
  it('says what the configuration schema says, variable by variable', () => {
    expect(file).toBe(envExample());
  });

  it('names every variable once', () => {
    const named = [...file.matchAll(/^#?([A-Z][A-Z_]+)=/gm)].map(([, name]) => name);
    expect(named).toEqual(Object.keys(VARIABLES));
  });
});
