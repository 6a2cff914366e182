import { describe, expect, it } from '@jest/globals';
import { absolutePath, relativePath, workspacePathFault } from './workspace-path.js';

describe('a path in a workspace', () => {
  it.each([
    ['/workspace', ''],
    ['/workspace/', ''],
    ['/workspace/src//./main.ts', 'src/main.ts'],
    ['/workspace/a\nb/..c', 'a\nb/..c'],
  ])('takes %j', (path, relative) => {
    expect(workspacePathFault(path)).toBeNull();
    expect(relativePath(path)).toBe(relative);
  });

  it.each([
    [7, /must be a path/],
    ['', /below it/],
    ['src/main.ts', /below it/],
    ['/workspaces', /below it/],
    ['/etc/passwd', /below it/],
    ['/workspace/../etc/passwd', /"\.\."/],
    ['/workspace/a\u0000', /U\+0000/],
    ['/workspace/\ud800', /surrogate/],
    [`/workspace/${'é'.repeat(2048)}`, /4096 bytes/],
    [`/workspace${'/a'.repeat(65)}`, /64 names/],
  ])('refuses %j', (path, fault) => {
    expect(workspacePathFault(path)).toMatch(fault);
  });

  it('is told with the name that users know', () => {
    expect(absolutePath('')).toBe('/workspace');
    expect(absolutePath('src/main.ts')).toBe('/workspace/src/main.ts');
  });
});
