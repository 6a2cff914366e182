import { expect } from '@jest/globals';
import type { Fault } from '../../src/domain/errors/domain-error.js';
import type { VersionListDto } from '../../src/modules/templates/dto/version-list.dto.js';
import type { Answer, Request, TestApp } from './app.js';

export const MERGE = { 'content-type': 'application/merge-patch+json' };
export const UNKNOWN_ID = 'f'.repeat(24);

/** The calls that tests of templates make again and again, on the app that is there when they make them. */
export function templateCalls(app: () => TestApp) {
  let names = 0;
  const call = async (path: string, request?: Request): Promise<Answer> => app().call(path, request);
  const send = async (method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown, headers = {}) =>
    call(path, { method, headers, ...(body === undefined ? {} : { body }) });
  /** A template with a name of its own. */
  const create = async (body: object = {}): Promise<any> => {
    const answer = await send('POST', '/templates', { name: `t-${++names}`, ...body });
    expect(answer.status).toBe(201);
    return answer.body;
  };
  const versions = async (path: string): Promise<VersionListDto> => (await call(path)).body as VersionListDto;
  return { call, send, create, versions };
}

/** The faults of an answer by their pointer; the answer must be a 422. */
export function faultsOf(answer: Answer): Record<string, string> {
  expect(answer.status).toBe(422);
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  return Object.fromEntries((answer.body.errors as Fault[]).map(({ pointer, detail }) => [pointer, detail]));
}
