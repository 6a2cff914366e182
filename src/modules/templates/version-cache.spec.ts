import { describe, expect, it } from '@jest/globals';
import { newId, type TemplateId, type TenantId } from '../../domain/ids.js';
import type { TemplateVersion } from '../../domain/templates/template.js';
import { readContent } from './template-input.js';
import { VersionCache } from './version-cache.js';

const tenantId = newId<TenantId>();

const version = (soul = ''): TemplateVersion => ({
  id: newId<TemplateId>(),
  tenantId,
  name: 'demo',
  version: 1,
  digest: '',
  content: readContent('demo', { soul }),
  versionCreatedAt: new Date(),
  versionCreatedBy: { type: 'system', id: 'test' },
});

const SIZE = JSON.stringify(version('x'.repeat(1000)).content).length;

describe('VersionCache', () => {
  it('gives back what it was given, to that tenant alone', () => {
    const sut = new VersionCache();
    const added = version();
    sut.add(added);
    expect(sut.get(tenantId, added)).toBe(added);
    expect(sut.get(newId<TenantId>(), added)).toBeUndefined();
    expect(sut.get(tenantId, { id: added.id, version: 2 })).toBeUndefined();
  });

  it('forgets what was used longest ago when its room is used up', () => {
    const sut = new VersionCache(3 * SIZE);
    const [a, b, c, d] = Array.from({ length: 4 }, () => version('x'.repeat(1000)));
    for (const each of [a!, b!, c!]) sut.add(each);
    sut.get(tenantId, a!);
    sut.add(d!);
    expect([a!, b!, c!, d!].map((each) => sut.get(tenantId, each) !== undefined)).toEqual([true, false, true, true]);
  });

  it('does not take what would fill it alone', () => {
    const sut = new VersionCache(SIZE);
    const [small, large] = [version('x'), version('x'.repeat(2000))];
    sut.add(small);
    sut.add(large);
    expect(sut.get(tenantId, large)).toBeUndefined();
    expect(sut.get(tenantId, small)).toBe(small);
  });

  it('counts a version once, however often it is added', () => {
    const sut = new VersionCache(2 * SIZE);
    const [a, b] = [version('x'.repeat(1000)), version('x'.repeat(1000))];
    for (let n = 0; n < 5; n++) sut.add(a);
    sut.add(b);
    expect(sut.get(tenantId, a)).toBe(a);
  });
});
