import { Injectable } from '@nestjs/common';
import { systemActor } from '../../domain/events/actor.js';
import type { DomainEvent } from '../../domain/events/domain-events.js';
import type { ProjectId, SecretId } from '../../domain/ids.js';
import { Projects } from '../../domain/projects/projects.repository.js';
import { KeyWrapper } from '../../domain/secrets/key-wrapper.js';
import { sealContext } from '../../domain/secrets/secret.js';
import { Secrets, type OldKey } from '../../domain/secrets/secrets.repository.js';
import { OnDomainEvent } from '../../platform/events/on-domain-event.decorator.js';
import { Sweeper } from '../../platform/sweeper.js';
import { SecretsService } from './secrets.service.js';

const PAGE = 100;
const SWEEP_EVERY_MS = 5 * 60 * 1000;

/**
 * What nobody asks for: secrets of an archived project are destroyed, at once or by the sweep; and what lies under an old key
 * is put under the newest, when Muster starts and by each sweep.
 */
@Injectable()
export class SecretUpkeep extends Sweeper {
  /** Said once, not at each sweep. */
  private toldUnreadable = 0;

  constructor(
    private readonly secrets: Secrets,
    private readonly projects: Projects,
    private readonly service: SecretsService,
    private readonly wrapper: KeyWrapper,
  ) {
    super('secrets', { everyMs: SWEEP_EVERY_MS, firstAfterMs: 0 });
  }

  @OnDomainEvent('project.archived')
  async onArchived({ tenantId, actor, data }: DomainEvent<'project.archived'>): Promise<void> {
    try {
      await this.service.removeAll({ tenantId, projectId: data.projectId }, actor);
    } catch (cause) {
      // The project is archived all the same.
      this.logger.warn({
        msg: "an archived project's secrets wait for the sweep",
        project: data.projectId,
        err: cause,
      });
    }
  }

  async sweep(): Promise<void> {
    await this.putUnderNewestKey();
    await this.destroyOfArchived();
  }

  private async putUnderNewestKey(): Promise<void> {
    let after: SecretId | null = null;
    let [moved, unreadable] = [0, 0];
    while (!this.stopping.aborted) {
      const page: readonly OldKey[] = await this.secrets.findOldKeys(this.wrapper.currentKeyId, after, PAGE);
      for (const old of page) {
        if (await this.rewrap(old)) moved++;
        else unreadable++;
      }
      after = page.at(-1)?.secret.id ?? null;
      if (page.length < PAGE) break;
    }
    if (moved > 0) this.logger.log({ msg: 'secrets were put under the newest key', secrets: moved });
    if (unreadable > 0 && unreadable !== this.toldUnreadable) {
      this.logger.warn({ msg: 'secrets lie under a key that this Muster does not have', secrets: unreadable });
    }
    this.toldUnreadable = unreadable;
  }

  /** false when its key is not here. */
  private async rewrap(old: OldKey): Promise<boolean> {
    const context = sealContext(old.secret);
    const key = await this.wrapper.unwrap(old.key, context);
    if (key === null) return false;
    try {
      // One that changed meanwhile is under the newest key already.
      await this.secrets.rewrap(old, await this.wrapper.wrap(key, context));
      return true;
    } finally {
      key.fill(0);
    }
  }

  private async destroyOfArchived(): Promise<void> {
    let after: ProjectId | null = null;
    while (!this.stopping.aborted) {
      const page = await this.secrets.findProjects(after, PAGE);
      for (const { tenantId, projectId } of page) {
        const project = await this.projects.find(projectId, tenantId);
        if (project !== null && project.archivedAt === null) continue;
        await this.service.removeAll({ tenantId, projectId }, systemActor('secrets'));
      }
      after = page.at(-1)?.projectId ?? null;
      if (page.length < PAGE) return;
    }
  }
}
