import { describe, expect, it } from '@jest/globals';
import { AgentError } from '../errors.js';
import { validateConfigureRequest } from './configure-request.js';
import { validateRunRequest } from './run-request.js';

const CONFIGURATION = {
  instanceId: '65f000000000000000000001',
  identifier: 'web-app-dev-1',
  displayName: '',
  role: 'developer',
  soul: '',
  aieos_identity: { any: ['thing'] },
  systemPrompt: '',
  tools: ['fs__view', { shell__execute: { allowlist: { ls: true } } }],
  config: { model: 'm', provider: 'echo', skills: '', canWriteCode: true, mcpServers: [{ name: 'x' }] },
  digest: 'ab'.repeat(32),
};

function faultOf(validate: () => unknown): string {
  try {
    validate();
  } catch (error) {
    if (error instanceof AgentError && error.code === 'VALIDATION_FAILED') return error.message;
    throw error;
  }
  return '';
}

describe('validateConfigureRequest', () => {
  it('takes a whole configuration', () => {
    expect(validateConfigureRequest(CONFIGURATION)).toBe(CONFIGURATION);
    expect(validateConfigureRequest({ ...CONFIGURATION, aieos_identity: null })).toMatchObject({
      aieos_identity: null,
    });
  });

  it('lists every fault in one message, with where it is', () => {
    const body = {
      ...Object.fromEntries(Object.entries(CONFIGURATION).filter(([name]) => name !== 'soul')),
      identifier: '',
      aieos_identity: [],
      digest: 'AB'.repeat(32),
      'extra/field': 1,
      config: { ...CONFIGURATION.config, canWriteCode: 'yes', temperature: 1 },
    };
    const message = faultOf(() => validateConfigureRequest(body));
    expect(message.replace('The request has faults: ', '').split('; ')).toEqual([
      '/identifier must not be empty',
      '/soul is missing',
      '/aieos_identity must be an object or null',
      '/digest must be 64 lower-case hex digits',
      '/extra~1field is unknown',
      '/config/canWriteCode must be true or false',
      '/config/temperature is unknown.',
    ]);
  });

  it.each([[null], [[]], ['text'], [7]])('refuses %j as a body', (body) => {
    expect(faultOf(() => validateConfigureRequest(body))).toContain('the body must be an object');
  });

  it('refuses what is nested too deeply to be walked safely', () => {
    const deep = JSON.parse(`${'['.repeat(200)}${']'.repeat(200)}`) as unknown;
    expect(faultOf(() => validateConfigureRequest({ ...CONFIGURATION, tools: [deep] }))).toContain('100 levels');
  });

  it('does not let a flood of unknown fields make a flood of an answer', () => {
    const flood = Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`${'x'.repeat(500)}${n}`, 1]));
    const message = faultOf(() => validateConfigureRequest({ ...CONFIGURATION, ...flood }));
    expect(message).toContain('and 950 more');
    expect(message.length).toBeLessThan(10_000);
  });

  it('is not fooled by __proto__', () => {
    const body = JSON.parse(`{"__proto__": ${JSON.stringify(CONFIGURATION)}}`) as unknown;
    expect(faultOf(() => validateConfigureRequest(body))).toContain('/instanceId is missing');
  });
});

describe('validateRunRequest', () => {
  it('takes a prompt', () => {
    const body = { runId: 'r', type: 'prompt', input: '' };
    expect(validateRunRequest(body)).toBe(body);
  });

  it('lists every fault', () => {
    expect(faultOf(() => validateRunRequest({ runId: 1, type: 'exec', more: true }))).toBe(
      'The request has faults: /runId must be a string; /type must be prompt; /input is missing; /more is unknown.',
    );
  });
});
