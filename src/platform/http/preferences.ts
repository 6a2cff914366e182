export interface Preferences {
  /** Milliseconds to wait for the end; undefined when the caller did not say. */
  readonly waitMs?: number;
  /** The caller wants 202 at once. */
  readonly respondAsync: boolean;
}

/** Longer waits are cut to this: proxies give up on an answer at about this time. */
export const MAX_WAIT_SECONDS = 300;

/**
 * Reads Prefer (RFC 7240). Preferences that are not known, or cannot be read, are left out, as the standard demands;
 * of the same preference the first counts.
 */
export function readPreferences(header: string | string[] | undefined): {
  readonly preferences: Preferences;
  /** For Preference-Applied; null when nothing was. */
  readonly applied: string | null;
} {
  const found = new Map<string, string>();
  for (const preference of [header ?? []].flat().join(',').split(',')) {
    const [, name, value] = /^\s*([A-Za-z-]+)\s*(?:=\s*"?([^";]*)"?)?/.exec(preference) ?? [];
    if (name !== undefined && !found.has(name.toLowerCase())) found.set(name.toLowerCase(), (value ?? '').trim());
  }
  const respondAsync = found.has('respond-async');
  const wait = /^\d{1,9}$/.exec(found.get('wait') ?? '')?.[0];
  const seconds = wait === undefined ? undefined : Math.min(Number(wait), MAX_WAIT_SECONDS);
  const applied = [
    ...(respondAsync ? ['respond-async'] : []),
    ...(seconds === undefined ? [] : [`wait=${seconds}`]),
  ].join(', ');
  return {
    preferences: { respondAsync, ...(seconds !== undefined && { waitMs: seconds * 1000 }) },
    applied: applied === '' ? null : applied,
  };
}
