import type { Owner, RuntimeSpec } from '../runtime/runtime-spec.js';

/** What every container has of its own. */
const OWN = [
  'name',
  'owner',
  'specDigest',
  'privateFolder',
  'workspaceFolder',
] as const satisfies (keyof RuntimeSpec)[];

/** What makes two containers interchangeable: everything they are made from but whose they are and where their folders lie. */
export type PoolSpec = Omit<RuntimeSpec, (typeof OWN)[number]>;

/**
 * null: no container like that waits in a pool. gVisor serves its mounts by a process of its own, and nobody has shown that
 * a folder can be renamed under that: such agents start cold. So do those of two containers, and what is one agent's own: folders
 * beside the workspace, and an environment, which tells whose it is. The values of secrets come over the socket, so a place for them is enough.
 */
export function poolSpecOf(spec: RuntimeSpec<Owner>): PoolSpec | null {
  const { isolation, companion, mounts, env } = spec;
  if (isolation !== 'runc' || companion !== undefined || mounts !== undefined || env !== undefined) return null;
  const rest: Partial<RuntimeSpec<Owner>> & PoolSpec = {
    ...spec,
    ...(spec.secrets === undefined ? {} : { secrets: [] }),
  };
  for (const own of OWN) Reflect.deleteProperty(rest, own);
  return rest;
}
