import { Injectable } from '@nestjs/common';
import { NotFoundError } from '../../domain/errors/not-found.error.js';
import type { ProjectId } from '../../domain/ids.js';
import type { ManagedInstance } from '../../domain/lifecycle/managed-instance.js';
import { Projects } from '../../domain/projects/projects.repository.js';

const MOST = 1000;

/** The slugs of projects, which never change. */
@Injectable()
export class ProjectSlugs {
  private readonly known = new Map<ProjectId, Promise<string>>();

  constructor(private readonly projects: Projects) {}

  /** @throws NotFoundError */
  async of(instance: Pick<ManagedInstance, 'projectId' | 'tenantId'>): Promise<string> {
    const { projectId } = instance;
    const known = this.known.get(projectId);
    if (known !== undefined) return known;
    if (this.known.size >= MOST) this.known.clear();
    const reading = this.read(instance);
    this.known.set(projectId, reading);
    try {
      return await reading;
    } catch (error) {
      this.known.delete(projectId);
      throw error;
    }
  }

  private async read({ projectId, tenantId }: Pick<ManagedInstance, 'projectId' | 'tenantId'>): Promise<string> {
    const project = await this.projects.find(projectId, tenantId);
    if (project === null) throw new NotFoundError('project', projectId);
    return project.slug;
  }
}
