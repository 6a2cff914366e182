import { Injectable } from '@nestjs/common';
import { ArchivedError } from '../../domain/errors/archived.error.js';
import type { Fault } from '../../domain/errors/domain-error.js';
import { NotFoundError } from '../../domain/errors/not-found.error.js';
import { ValidationFailedError } from '../../domain/errors/validation-failed.error.js';
import type { TemplateId, TenantId } from '../../domain/ids.js';
import type { Page, PageRequest } from '../../domain/page.js';
import type { Sourced, TemplateVersion, VersionSummary } from '../../domain/templates/template.js';
import { TemplateHistory, type VersionReference } from '../../domain/templates/template-history.repository.js';
import { Templates } from '../../domain/templates/templates.repository.js';
import { TemplatesUnknownError } from '../../domain/templates/templates-unknown.error.js';
import { VersionCache } from './version-cache.js';

/** A template that is to be used, and where the request names it. */
export interface WantedTemplate {
  readonly templateId: TemplateId;
  /** The newest when left out. */
  readonly version?: number | undefined;
  /** JSON Pointer for the fault, should there be one: /roleAssignments/1/templateId */
  readonly pointer: string;
}

/** Reads versions, wherever they lie: the newest is in the template's own document, the others in its history. */
@Injectable()
export class TemplateVersions {
  private readonly cache = new VersionCache();

  constructor(
    private readonly templates: Templates,
    private readonly history: TemplateHistory,
  ) {}

  /** @throws NotFoundError */
  async get(tenantId: TenantId, reference: VersionReference): Promise<Sourced<TemplateVersion>> {
    const head = await this.templates.findSourced(tenantId, reference.id);
    if (head?.template.version === reference.version) return head;
    // The head moves on only after its version is in the history, so this order misses none.
    const found = head === null ? null : await this.history.find(tenantId, reference);
    // What a crash left above the head is no version.
    if (found === null || head === null || reference.version > head.template.version) throw unknown(reference);
    return found;
  }

  /** @throws NotFoundError, ValidationFailedError for a cursor that Muster did not give */
  async list(tenantId: TenantId, id: TemplateId, { limit, cursor }: PageRequest): Promise<Page<VersionSummary>> {
    const head = await this.templates.find(tenantId, id);
    if (head === null) throw new NotFoundError('template', id);
    const before = cursor === undefined ? head.version + 1 : versionIn(cursor);
    const newest = before > head.version ? [head] : [];
    const older = await this.history.listBefore(
      tenantId,
      id,
      Math.min(before, head.version),
      limit + 1 - newest.length,
    );
    const items = [...newest, ...older].slice(0, limit);
    const more = newest.length + older.length > limit;
    return { items, nextCursor: more ? String(items.at(-1)?.version) : null };
  }

  /** @throws TemplatesUnknownError, ArchivedError */
  async resolve(tenantId: TenantId, wanted: readonly WantedTemplate[]): Promise<readonly TemplateVersion[]> {
    const heads = await this.templates.findHeads(tenantId, distinct(wanted.map(({ templateId }) => templateId)));
    const headOf = new Map(heads.map((head) => [head.id, head]));
    const missing: Fault[] = [];
    const archived: { fault: Fault; id: TemplateId }[] = [];
    const references = wanted.map(({ templateId, version, pointer }) => {
      const head = headOf.get(templateId);
      if (head === undefined) missing.push({ pointer, detail: `there is no template ${templateId}` });
      else if ((version ?? 1) < 1 || (version ?? 1) > head.version) {
        missing.push({
          pointer,
          detail: `template ${templateId} has no version ${version ?? ''}: its newest is ${head.version}`,
        });
      } else if (head.archivedAt !== null) {
        archived.push({ id: templateId, fault: { pointer, detail: `template ${templateId} is archived` } });
      }
      return { id: templateId, version: version ?? head?.version ?? 0 };
    });
    if (missing.length > 0) throw new TemplatesUnknownError([...missing, ...archived.map(({ fault }) => fault)]);
    const [first] = archived;
    if (first !== undefined)
      throw new ArchivedError(
        'template',
        first.id,
        archived.map(({ fault }) => fault),
      );
    return this.getMany(tenantId, references);
  }

  /** @throws NotFoundError */
  async getMany(tenantId: TenantId, references: readonly VersionReference[]): Promise<readonly TemplateVersion[]> {
    const found = new Map<string, TemplateVersion>();
    const missing = new Map<string, VersionReference>();
    for (const reference of references) {
      const cached = this.cache.get(tenantId, reference);
      if (cached === undefined) missing.set(keyOf(reference), reference);
      else found.set(keyOf(reference), cached);
    }
    for (const version of await this.read(tenantId, [...missing.values()])) {
      this.cache.add(version);
      found.set(keyOf(version), version);
    }
    return references.map((reference) => {
      const version = found.get(keyOf(reference));
      if (version === undefined) throw unknown(reference);
      return version;
    });
  }

  private async read(tenantId: TenantId, references: readonly VersionReference[]): Promise<readonly TemplateVersion[]> {
    if (references.length === 0) return [];
    const heads = await this.templates.findMany(tenantId, distinct(references.map(({ id }) => id)));
    const newest = new Map(heads.map((head) => [keyOf(head), head]));
    const older = references.filter((reference) => !newest.has(keyOf(reference)));
    const asked = new Set(references.map(keyOf));
    return [...heads.filter((head) => asked.has(keyOf(head))), ...(await this.history.findMany(tenantId, older))];
  }
}

const keyOf = ({ id, version }: VersionReference): string => `${id}@${version}`;

const distinct = <T>(values: readonly T[]): readonly T[] => [...new Set(values)];

const unknown = (reference: VersionReference): NotFoundError => new NotFoundError('template version', keyOf(reference));

function versionIn(cursor: string): number {
  if (/^[1-9]\d{0,8}$/.test(cursor)) return Number(cursor);
  throw new ValidationFailedError([{ pointer: 'cursor', detail: 'must be a nextCursor as Muster gave it' }]);
}
