import { Injectable } from '@nestjs/common';
import { ArchivedError } from '../../domain/errors/archived.error.js';
import { ConcurrentUpdateError } from '../../domain/errors/concurrent-update.error.js';
import { NameTakenError } from '../../domain/errors/name-taken.error.js';
import { NotFoundError } from '../../domain/errors/not-found.error.js';
import { PreconditionFailedError } from '../../domain/errors/precondition-failed.error.js';
import { domainEvent } from '../../domain/events/domain-events.js';
import { newId, type TemplateId, type TenantId } from '../../domain/ids.js';
import { actorOf, type Principal } from '../../domain/identity/principal.js';
import type { Page, PageRequest } from '../../domain/page.js';
import type {
  ImportedSource,
  Sourced,
  Template,
  TemplateContent,
  TemplateSummary,
  TemplateVersion,
  VersionSummary,
} from '../../domain/templates/template.js';
import { TemplateHistory, type VersionReference } from '../../domain/templates/template-history.repository.js';
import { Templates, type TemplateFilter } from '../../domain/templates/templates.repository.js';
import { digestOf } from '../../platform/crypto/digest.js';
import { againWhenOvertaken } from '../../platform/again-when-overtaken.js';
import { DomainEventBus } from '../../platform/events/domain-event-bus.js';
import { BUILT_IN_TEMPLATE } from './built-in-template.js';
import type { NewTemplate } from './template-input.js';
import { TemplateVersions, type WantedTemplate } from './template-versions.js';

/** How often a change that was overtaken is made again on the newer version. */
const ATTEMPTS = 5;

/** What a change makes of a version. */
type Change = (current: Template) => TemplateContent;

/** Templates and their versions: every change makes a new version, and no version ever changes. */
@Injectable()
export class TemplatesService {
  constructor(
    private readonly templates: Templates,
    private readonly history: TemplateHistory,
    private readonly versions: TemplateVersions,
    private readonly bus: DomainEventBus,
  ) {}

  /** @throws NameTakenError */
  async create(
    caller: Principal,
    { name, content }: NewTemplate,
    source: ImportedSource | null = null,
  ): Promise<Template> {
    const now = new Date();
    const template: Template = {
      id: newId<TemplateId>(),
      tenantId: caller.tenantId,
      name,
      version: 1,
      digest: digestOf({ name, ...content }),
      content,
      versionCreatedAt: now,
      versionCreatedBy: actorOf(caller),
      createdAt: now,
      updatedAt: now,
      archivedAt: null,
    };
    const { id, version, digest } = template;
    const event = domainEvent('template.created', about(caller, id), { templateId: id, version, digest });
    await this.templates.insert({ template, source }, event);
    this.bus.publish(event);
    return template;
  }

  /** The template of agents that are spawned without one, made when there is none; of many who ask at once, all get the same. */
  async builtIn(caller: Principal): Promise<Template> {
    for (let attempt = 1; ; attempt++) {
      const found = await this.templates.findByName(caller.tenantId, BUILT_IN_TEMPLATE.name);
      if (found !== null) return found.template;
      try {
        return await this.create(caller, BUILT_IN_TEMPLATE);
      } catch (error) {
        if (!(error instanceof NameTakenError) || attempt === ATTEMPTS) throw error;
      }
    }
  }

  /** @throws NotFoundError */
  async get(tenantId: TenantId, id: TemplateId): Promise<Template> {
    const template = await this.templates.find(tenantId, id);
    if (template === null) throw new NotFoundError('template', id);
    return template;
  }

  async list(tenantId: TenantId, filter: TemplateFilter, page: PageRequest): Promise<Page<TemplateSummary>> {
    return this.templates.list(tenantId, filter, page);
  }

  /**
   * A new version with this content; the present one when it says the same.
   * @throws NotFoundError, ArchivedError, PreconditionFailedError, ConcurrentUpdateError, OutboxFullError
   */
  async replace(caller: Principal, id: TemplateId, change: Change, ifMatch?: number): Promise<Template> {
    return this.changeOnce(caller, id, change, ifMatch);
  }

  /**
   * As replace, for a change of parts: overtaken by another one, it is made again on what that left, so that both
   * stand. With `ifMatch` it is not.
   */
  async edit(caller: Principal, id: TemplateId, change: Change, ifMatch?: number): Promise<Template> {
    return againWhenOvertaken(() => this.changeOnce(caller, id, change, ifMatch));
  }

  /** Puts it away for good: it can be read, its name is free, agents made from it live on. Once more does nothing. */
  async archive(caller: Principal, id: TemplateId): Promise<void> {
    await againWhenOvertaken(async () => {
      const { version } = await this.get(caller.tenantId, id);
      const event = domainEvent('template.archived', about(caller, id), { templateId: id, version });
      if ((await this.templates.archive(caller.tenantId, id, version, event)) === 'archived') this.bus.publish(event);
    });
  }

  /**
   * The versions that are to be used for new agents, in the order asked for: the newest, where none is named.
   * @throws TemplatesUnknownError with a fault for each that does not exist; ArchivedError when the only trouble is
   * that one is archived
   */
  async resolve(tenantId: TenantId, wanted: readonly WantedTemplate[]): Promise<readonly TemplateVersion[]> {
    return this.versions.resolve(tenantId, wanted);
  }

  /**
   * These versions, in the order asked for, whether their templates are archived or not.
   * @throws NotFoundError
   */
  async getVersions(tenantId: TenantId, references: readonly VersionReference[]): Promise<readonly TemplateVersion[]> {
    return this.versions.getMany(tenantId, references);
  }

  /** A version and the file it came from; the newest when none is named. @throws NotFoundError */
  async getSourced(tenantId: TenantId, id: TemplateId, version?: number): Promise<Sourced<TemplateVersion>> {
    if (version !== undefined) return this.versions.get(tenantId, { id, version });
    const newest = await this.templates.findSourced(tenantId, id);
    if (newest === null) throw new NotFoundError('template', id);
    return newest;
  }

  /** The template of that name that is not archived. */
  async findByName(tenantId: TenantId, name: string): Promise<Sourced<Template> | null> {
    return this.templates.findByName(tenantId, name);
  }

  /** A template's history, newest first. @throws NotFoundError */
  async listVersions(tenantId: TenantId, id: TemplateId, page: PageRequest): Promise<Page<VersionSummary>> {
    return this.versions.list(tenantId, id, page);
  }

  private async changeOnce(caller: Principal, id: TemplateId, change: Change, ifMatch?: number): Promise<Template> {
    const current = await this.templates.findSourced(caller.tenantId, id);
    if (current === null) throw new NotFoundError('template', id);
    if (ifMatch !== undefined && ifMatch !== current.template.version) throw stale(current.template);
    if (current.template.archivedAt !== null) throw new ArchivedError('template', id);
    try {
      return await this.makeVersion(caller, current, change(current.template), null);
    } catch (error) {
      if (ifMatch === undefined || !(error instanceof ConcurrentUpdateError)) throw error;
      throw stale(await this.get(caller.tenantId, id));
    }
  }

  /**
   * Makes `content` the version after the current one. What says the same makes none, unless it came in a file of
   * another text: comments count too, since an export gives the text back.
   * @throws ArchivedError, ConcurrentUpdateError, OutboxFullError
   */
  async makeVersion(
    caller: Principal,
    current: Sourced<Template>,
    content: TemplateContent,
    source: ImportedSource | null,
  ): Promise<Template> {
    const { id, name, digest: previousDigest } = current.template;
    const digest = digestOf({ name, ...content });
    if (digest === previousDigest && (source === null || source.text === current.source?.text)) return current.template;
    const now = new Date();
    const next: Template = {
      ...current.template,
      version: current.template.version + 1,
      digest,
      content,
      versionCreatedAt: now,
      versionCreatedBy: actorOf(caller),
      updatedAt: now,
    };
    const event = domainEvent('template.version-created', about(caller, id), {
      templateId: id,
      version: next.version,
      digest,
      previousDigest,
    });
    // Should this be all that happens, nothing is wrong: the history then holds what the head still says.
    await this.history.insertOnce(current);
    await this.templates.replaceHead({ template: next, source }, event);
    this.bus.publish(event);
    return next;
  }
}

const about = (caller: Principal, id: TemplateId) => ({
  tenantId: caller.tenantId,
  actor: actorOf(caller),
  subject: { type: 'template', id } as const,
});

const stale = ({ id, version }: TemplateVersion): PreconditionFailedError =>
  new PreconditionFailedError('template', id, `version ${version}`);
