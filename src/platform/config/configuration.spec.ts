import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { DomainError } from '../../domain/errors/domain-error.js';
import { Configuration } from './configuration.js';

function faultsOf(environment: Record<string, string>): readonly { pointer: string; detail: string }[] {
  try {
    Configuration.from(environment);
    return [];
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    expect(error.code).toBe('CONFIGURATION_INVALID');
    return error.faults;
  }
}

describe('Configuration', () => {
  it('has a default for everything', () => {
    const configuration = Configuration.from({});
    expect(configuration).toMatchObject({ host: '127.0.0.1', port: 5176, runtime: 'auto', logLevel: 'info' });
    expect(configuration.teamRoles).toEqual(['project_manager', 'architect', 'developer', 'reviewer', 'tester']);
    expect(configuration.mongodbUri).toBeUndefined();
    expect(configuration.devNoAuth).toBe(false);
  });

  it('makes paths absolute, and puts artifacts and keys into the data folder', () => {
    const configuration = Configuration.from({ DATA_DIR: 'some/where' });
    expect(configuration.dataDir).toBe(resolve('some/where'));
    expect(configuration.artifactsDir).toBe(resolve('some/where/artifacts'));
    expect(configuration.signingKeyFile).toBe(resolve('some/where/keys/signing.pem'));
  });

  it('takes an empty text as unset', () => {
    const configuration = Configuration.from({ PORT: '', MONGODB_URI: '', BOOTSTRAP_ADMIN_KEY: '', TEAM_ROLES: '' });
    expect(configuration).toMatchObject({ port: 5176, mongodbUri: undefined, bootstrapAdminKey: undefined });
    expect(configuration.teamRoles).toHaveLength(5);
  });

  it('lists every fault at once', () => {
    const faults = faultsOf({
      PORT: '70000',
      RUNTIME: 'podman',
      LOG_LEVEL: 'loud',
      BODY_LIMIT: '1e6',
      TEAM_ROLES: 'tester,Tester!',
      MUSTER_DEV_NO_AUTH: 'yes',
    });
    expect(faults.map(({ pointer }) => pointer).sort()).toEqual(
      ['BODY_LIMIT', 'LOG_LEVEL', 'MUSTER_DEV_NO_AUTH', 'PORT', 'RUNTIME', 'TEAM_ROLES'].sort(),
    );
    expect(faults.find(({ pointer }) => pointer === 'PORT')?.detail).toBe(
      'must be a whole number from 0 to 65535 (it is "70000")',
    );
  });

  it('refuses a short admin key without repeating it', () => {
    const faults = faultsOf({ BOOTSTRAP_ADMIN_KEY: 'too-short' });
    expect(faults).toEqual([{ pointer: 'BOOTSTRAP_ADMIN_KEY', detail: 'must be 24 to 200 visible ASCII characters' }]);
  });

  it('refuses a database address of another kind without repeating its password', () => {
    expect(JSON.stringify(faultsOf({ MONGODB_URI: 'postgres://me:hunter2@db/x' }))).not.toContain('hunter2');
  });

  it.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost'])('lets %s go without keys', (HOST) => {
    expect(Configuration.from({ HOST, MUSTER_DEV_NO_AUTH: '1' }).devNoAuth).toBe(true);
  });

  it.each(['0.0.0.0', '192.168.1.7', '127.evil.example', '::'])('does not let %s go without keys', (HOST) => {
    expect(faultsOf({ HOST, MUSTER_DEV_NO_AUTH: '1' })).toHaveLength(1);
  });

  it('does not go without keys in production', () => {
    expect(faultsOf({ NODE_ENV: 'production', MUSTER_DEV_NO_AUTH: '1' })).toHaveLength(1);
  });
});
