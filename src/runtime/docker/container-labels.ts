import { isId } from '../../domain/ids.js';
import { isPoolOwner, type Owner, type RuntimeSpec } from '../../domain/runtime/runtime-spec.js';

export const INSTALLATION_LABEL = 'io.muster.installation';
export const SPEC_LABEL = 'io.muster.spec';
/** On a companion: the name of the container it is for. */
export const COMPANION_OF_LABEL = 'io.muster.companion-of';

type Labels = Readonly<Record<string, string>>;

/** Of whatever kind of owner: an image's own labels end up on its containers, unless they are given another value there. */
const NONE: Labels = {
  'io.muster.pool': '',
  'io.muster.tenant': '',
  'io.muster.project': '',
  'io.muster.instance': '',
  'io.muster.replica': '',
  [COMPANION_OF_LABEL]: '',
};

export function toLabels({
  owner,
  specDigest,
}: Pick<RuntimeSpec<Owner>, 'owner' | 'specDigest'>): Record<string, string> {
  const common = { ...NONE, [INSTALLATION_LABEL]: owner.installation, [SPEC_LABEL]: specDigest };
  if (isPoolOwner(owner)) return { ...common, 'io.muster.pool': owner.pool };
  return {
    ...common,
    'io.muster.tenant': owner.tenant,
    'io.muster.project': owner.project,
    'io.muster.instance': owner.instance,
    'io.muster.replica': String(owner.replica),
  };
}

/** null when they are not Muster's. */
export function readOwner(labels: Labels): Owner | null {
  const label = (name: string): string => labels[`io.muster.${name}`] ?? '';
  const pool = label('pool');
  if (pool !== '') {
    const owner = { installation: label('installation'), pool };
    return isId(owner.installation) && isId(pool) ? (owner as Owner) : null;
  }
  const [installation, tenant, project, instance] = ['installation', 'tenant', 'project', 'instance'].map(label);
  const replica = label('replica');
  if (![installation, tenant, project, instance].every(isId) || !/^\d{1,6}$/.test(replica)) return null;
  return { installation, tenant, project, instance, replica: Number(replica) } as Owner;
}
