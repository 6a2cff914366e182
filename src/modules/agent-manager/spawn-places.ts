import { Injectable } from '@nestjs/common';
import type { AgentManifest } from '../../domain/agent-manager/signed-manifest.js';
import type { Fault } from '../../domain/errors/domain-error.js';
import { NameTakenError } from '../../domain/errors/name-taken.error.js';
import { NotFoundError } from '../../domain/errors/not-found.error.js';
import { ValidationFailedError } from '../../domain/errors/validation-failed.error.js';
import { actorOf, type Principal } from '../../domain/identity/principal.js';
import { isId, type ProjectId, type TemplateId, type TenantId } from '../../domain/ids.js';
import type { Project } from '../../domain/projects/project.js';
import type { TemplateVersion } from '../../domain/templates/template.js';
import { ProjectsService } from '../projects/projects.service.js';
import { TemplatesService } from '../templates/templates.service.js';
import type { SpawnRequest } from './spawn-request.js';

const DEFAULT_PROJECT = 'default';
const ATTEMPTS = 5;

/** From what an agent is made, and where. */
export interface Places {
  readonly template: TemplateVersion;
  /** The slug of a project that is not there yet, or the project. */
  readonly project: Project | typeof DEFAULT_PROJECT;
}

/** Finds the template and the project that a spawn names, and makes those that it leaves out. */
@Injectable()
export class SpawnPlaces {
  constructor(
    private readonly templates: TemplatesService,
    private readonly projects: ProjectsService,
  ) {}

  /** @throws ValidationFailedError naming each that does not exist */
  async find(caller: Principal, asked: SpawnRequest, signed: AgentManifest | null): Promise<Places> {
    const { tenantId } = caller;
    const [template, project] = await Promise.all([
      this.template(tenantId, asked.template ?? signed?.template.name, signed?.template.version),
      this.project(tenantId, asked.project ?? signed?.project ?? DEFAULT_PROJECT),
    ]);
    if (template === null || project === null) {
      throw new ValidationFailedError([
        ...(template === null ? [unknown('template', 'no template of that id or name, or not in that version')] : []),
        ...(project === null ? [unknown('project', 'no project of that id or slug')] : []),
      ]);
    }
    return { project, template: template === BUILT_IN ? await this.templates.builtIn(caller) : template };
  }

  /** The project itself, made when it is the default one and not there. */
  async open(caller: Principal, project: Places['project']): Promise<Project> {
    if (project !== DEFAULT_PROJECT) return project;
    const asking = { tenantId: caller.tenantId, actor: actorOf(caller) };
    for (let attempt = 1; ; attempt++) {
      const found = await this.projects.findBySlug(DEFAULT_PROJECT, caller.tenantId);
      if (found !== null) return found;
      try {
        return (await this.projects.create(asking, { name: DEFAULT_PROJECT, roleAssignments: [] })).value;
      } catch (error) {
        if (!(error instanceof NameTakenError) || attempt === ATTEMPTS) throw error;
      }
    }
  }

  private async template(
    tenantId: TenantId,
    named: string | undefined,
    version: number | undefined,
  ): Promise<TemplateVersion | typeof BUILT_IN | null> {
    if (named === undefined) return BUILT_IN;
    const id = isId(named) ? (named as TemplateId) : (await this.templates.findByName(tenantId, named))?.template.id;
    if (id === undefined) return null;
    return orNull(async () => (await this.templates.getSourced(tenantId, id, version)).template);
  }

  private async project(tenantId: TenantId, named: string): Promise<Places['project'] | null> {
    if (isId(named)) return orNull(() => this.projects.get(named as ProjectId, tenantId));
    const found = await this.projects.findBySlug(named, tenantId);
    return found ?? (named === DEFAULT_PROJECT ? DEFAULT_PROJECT : null);
  }
}

const BUILT_IN = 'built-in';

const unknown = (field: string, detail: string): Fault => ({
  pointer: `/agent_config/${field}`,
  detail: `is ${detail}`,
});

async function orNull<T>(read: () => Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof NotFoundError) return null;
    throw error;
  }
}
