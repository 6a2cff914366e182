import { describe, expect, it } from '@jest/globals';
import { newId, type PoolMemberId } from '../../domain/ids.js';
import type { ContainerOwner } from '../../domain/runtime/runtime-spec.js';
import { readOwner, toLabels } from './container-labels.js';

const owner: ContainerOwner = {
  installation: newId(),
  tenant: newId(),
  project: newId(),
  instance: newId(),
  replica: 2,
};
const labels = toLabels({ owner, specDigest: 'abc' });

describe('container labels', () => {
  it('give the owner back', () => {
    expect(labels).toMatchObject({ 'io.muster.replica': '2', 'io.muster.spec': 'abc' });
    expect(readOwner(labels)).toEqual(owner);
  });

  it('name a prepared container and nobody whose it is', () => {
    const prepared = { installation: owner.installation, pool: newId<PoolMemberId>() };
    const labelled = toLabels({ owner: prepared, specDigest: 'abc' });
    expect(Object.keys(labelled).filter((name) => labelled[name] !== '').sort()).toEqual([
      'io.muster.installation', 'io.muster.pool', 'io.muster.spec',
    ]); // prettier-ignore
    expect(readOwner(labelled)).toEqual(prepared);
    expect(readOwner({ ...labelled, 'io.muster.pool': 'x' })).toBeNull();
  });

  it('are Muster’s own, whatever an image brings', () => {
    const brought = {
      'io.muster.pool': newId(),
      'io.muster.tenant': newId(),
      'io.muster.instance': newId(),
      'io.muster.companion-of': 'another',
    };
    expect(readOwner({ ...brought, ...labels })).toEqual(owner);
    const prepared = { installation: owner.installation, pool: newId<PoolMemberId>() };
    expect(readOwner({ ...brought, ...toLabels({ owner: prepared, specDigest: 'abc' }) })).toEqual(prepared);
  });

  it.each([
    [{}],
    [{ ...labels, 'io.muster.tenant': 'x' }],
    [{ ...labels, 'io.muster.replica': '-1' }],
    [{ ...labels, 'io.muster.replica': '' }],
  ])('are not Muster’s when one is not as Muster writes it', (strange) => {
    expect(readOwner(strange)).toBeNull();
  });
});
