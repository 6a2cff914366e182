import { describe, expect, it } from '@jest/globals';
import { readCommandLine } from './command-line.js';

describe('readCommandLine', () => {
  it('serves on the default socket when nothing is said', () => {
    expect(readCommandLine([], {})).toEqual({
      name: 'serve',
      socketPath: '/run/muster/agent.sock',
      workspace: null,
      files: '/workspace',
      secrets: '/run/secrets',
      renderTimeoutMs: 2_000,
      names: null,
    });
  });

  it('serves names where the environment says', () => {
    expect(readCommandLine([], { MUSTER_NAMES: '127.0.0.1:53' })).toMatchObject({
      names: { host: '127.0.0.1', port: 53 },
    });
  });

  it.each([['127.0.0.1'], ['0.0.0.0:53'], ['127.0.0.1:0'], ['127.0.0.256:53'], ['127.0.0.1:65536'], ['localhost:53']])(
    'serves no names at %s',
    (text) => {
      expect(() => readCommandLine([], { MUSTER_NAMES: text })).toThrow(/MUSTER_NAMES/);
    },
  );

  it('prefers --socket to MUSTER_SOCKET, in both spellings', () => {
    const environment = { MUSTER_SOCKET: '/from/environment' };
    expect(readCommandLine(['bridge'], environment)).toEqual({ name: 'bridge', socketPath: '/from/environment' });
    expect(readCommandLine(['bridge', '--socket', '/a'], environment)).toMatchObject({ socketPath: '/a' });
    expect(readCommandLine(['--socket=/b', 'bridge'], environment)).toMatchObject({ socketPath: '/b' });
  });

  it('takes the workspace from --workspace, then from the environment', () => {
    const environment = { MUSTER_WORKSPACE: '/from/environment' };
    expect(readCommandLine(['--workspace', '/a=b'], environment)).toMatchObject({ workspace: '/a=b' });
    expect(readCommandLine(['--workspace=/a=b'], environment)).toMatchObject({ workspace: '/a=b' });
    expect(readCommandLine([], environment)).toMatchObject({ workspace: '/from/environment' });
  });

  it('serves the files of the workspace, unless another folder is named', () => {
    expect(readCommandLine([], { MUSTER_WORKSPACE: '/w' })).toMatchObject({ files: '/w' });
    expect(readCommandLine([], { MUSTER_WORKSPACE: '/w', MUSTER_FILES: '/f' })).toMatchObject({ files: '/f' });
    expect(readCommandLine(['--files', '/g'], { MUSTER_FILES: '/f' })).toMatchObject({ files: '/g' });
  });

  it('takes the render limit from the environment', () => {
    expect(readCommandLine(['serve'], { MUSTER_RENDER_TIMEOUT_MS: '50' })).toMatchObject({ renderTimeoutMs: 50 });
  });

  it.each([['0'], ['1.5'], ['soon'], ['600001']])('refuses %s milliseconds', (text) => {
    expect(() => readCommandLine([], { MUSTER_RENDER_TIMEOUT_MS: text })).toThrow(/MUSTER_RENDER_TIMEOUT_MS/);
  });

  it.each([[['--sock', '/a']], [['dance']], [['serve', 'bridge']], [['--socket']]])('refuses %j', (args) => {
    expect(() => readCommandLine(args, {})).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });

  it('knows --version and --help', () => {
    expect(readCommandLine(['--version'], {})).toEqual({ name: 'version' });
    expect(readCommandLine(['--help'], {})).toEqual({ name: 'help' });
  });
});
