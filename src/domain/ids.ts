/** Ids are 24 lower-case hex digits, as MongoDB's ObjectId prints them; the brand keeps the kinds apart. */
declare const brand: unique symbol;

export type Id<Kind extends string> = string & { readonly [brand]: Kind };

export type TenantId = Id<'tenant'>;
export type TemplateId = Id<'template'>;
export type ProjectId = Id<'project'>;
export type AgentInstanceId = Id<'agent-instance'>;
export type RunId = Id<'run'>;
/** An agent as it was once: its blueprint and its workspace. */
export type AgentSnapshotId = Id<'agent-snapshot'>;
export type TerminalId = Id<'terminal'>;
export type SecretId = Id<'secret'>;
export type McpSessionId = Id<'mcp-session'>;
export type ApiKeyId = Id<'api-key'>;
export type EventId = Id<'event'>;
/** A container of the warm pool; its labels carry it for as long as it lives. */
export type PoolMemberId = Id<'pool-member'>;
/** Made at random once per database; everything Muster makes on an engine carries it. */
export type InstallationId = Id<'installation'>;

const ID = /^[0-9a-f]{24}$/;

export function isId(value: unknown): value is string {
  return typeof value === 'string' && ID.test(value);
}

/** The place in time of the last id: milliseconds since 1970 times 64, plus the number of ids made in that millisecond. */
let last = 0;

/**
 * A new id: 4 bytes of Unix time in seconds, as in an ObjectId, 10 bits for the millisecond, 6 bits that count on within it, and
 * 6 random bytes. The ids of one process sort in the order of their making, those of several processes by the millisecond, so that
 * "newest first" is a scan of the primary key.
 */
export function newId<T extends Id<string>>(): T {
  // More than 64 ids in one millisecond, or a clock that went back, borrow from the milliseconds to come.
  last = Math.max(last + 1, Date.now() * 64);
  const milliseconds = Math.floor(last / 64);
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, Math.floor(milliseconds / 1000));
  view.setUint16(4, (milliseconds % 1000) * 64 + (last % 64));
  return Buffer.from(bytes).toString('hex') as T;
}
