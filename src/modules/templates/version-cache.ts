import type { TemplateVersion } from '../../domain/templates/template.js';
import type { VersionReference } from '../../domain/templates/template-history.repository.js';
import type { TenantId } from '../../domain/ids.js';

/** Characters of text, roughly: what the strings of the cached versions may hold together. */
const CAPACITY = 4 * 1024 * 1024;

/** Versions used last. They are immutable, so that nothing here grows old; only the room is limited. */
export class VersionCache {
  private readonly versions = new Map<string, { version: TemplateVersion; size: number }>();
  private used = 0;

  constructor(private readonly capacity = CAPACITY) {}

  get(tenantId: TenantId, reference: VersionReference): TemplateVersion | undefined {
    const key = keyOf(tenantId, reference);
    const found = this.versions.get(key);
    if (found === undefined) return undefined;
    // a Map keeps the order of insertion: the one used last goes to the end
    this.versions.delete(key);
    this.versions.set(key, found);
    return found.version;
  }

  add(version: TemplateVersion): void {
    const key = keyOf(version.tenantId, version);
    const size = JSON.stringify(version.content).length;
    if (size > this.capacity || this.versions.has(key)) return;
    this.versions.set(key, { version, size });
    this.used += size;
    for (const [oldest, entry] of this.versions) {
      if (this.used <= this.capacity) break;
      this.versions.delete(oldest);
      this.used -= entry.size;
    }
  }
}

const keyOf = (tenantId: TenantId, { id, version }: VersionReference): string => `${tenantId}/${id}/${version}`;
