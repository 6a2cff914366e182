/** Ids are 24 lower-case hex digits, as MongoDB's ObjectId prints them; the brand keeps the kinds apart. */
declare const brand: unique symbol;

export type Id<Kind extends string> = string & { readonly [brand]: Kind };

export type TenantId = Id<'tenant'>;
export type TemplateId = Id<'template'>;
export type ProjectId = Id<'project'>;
export type AgentInstanceId = Id<'agent-instance'>;
export type RunId = Id<'run'>;
export type ApiKeyId = Id<'api-key'>;
export type EventId = Id<'event'>;
/** Made at random once per database; everything Muster makes on an engine carries it. */
export type InstallationId = Id<'installation'>;

const ID = /^[0-9a-f]{24}$/;

export function isId(value: unknown): value is string {
  return typeof value === 'string' && ID.test(value);
}

/**
 * A new id: 4 bytes of Unix time in seconds, then 8 random bytes. Ids of later seconds sort after earlier ones,
 * as ObjectIds do, so that "newest first" is a scan of the primary key.
 */
export function newId<T extends Id<string>>(): T {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  new DataView(bytes.buffer).setUint32(0, Math.floor(Date.now() / 1000));
  return Buffer.from(bytes).toString('hex') as T;
}
