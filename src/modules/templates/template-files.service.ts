import { Injectable } from '@nestjs/common';
import { ConcurrentUpdateError } from '../../domain/errors/concurrent-update.error.js';
import { NameTakenError } from '../../domain/errors/name-taken.error.js';
import type { TemplateId, TenantId } from '../../domain/ids.js';
import type { Principal } from '../../domain/identity/principal.js';
import type { ImportedSource, Template } from '../../domain/templates/template.js';
import { readTemplateFile } from './daemon-v1/read-template-file.js';
import { writeDaemonV1 } from './daemon-v1/write-daemon-v1.js';
import type { NewTemplate } from './template-input.js';
import { TemplatesService } from './templates.service.js';

/** How often an import looks again when another request makes or changes the template of that name meanwhile. */
const ATTEMPTS = 5;

export interface ImportOptions {
  /** Names the template when the file does not. */
  readonly fileName: string | null;
  /** What to do when there is a template of that name. */
  readonly onConflict: 'fail' | 'version';
}

export interface Imported {
  readonly template: Template;
  readonly created: boolean;
}

/** Templates as files. */
@Injectable()
export class TemplateFilesService {
  constructor(private readonly templates: TemplatesService) {}

  /**
   * @param body the file's text, or what it says when it came as JSON
   * @throws TemplateFileInvalidError, NameTakenError, OutboxFullError; ConcurrentUpdateError when others keep changing it
   */
  async import(caller: Principal, body: unknown, { fileName, onConflict }: ImportOptions): Promise<Imported> {
    const template = readTemplateFile(body, fileName);
    const source: ImportedSource | null = typeof body === 'string' ? { format: 'daemon-v1', text: body } : null;
    if (onConflict === 'fail')
      return { template: await this.templates.create(caller, template, source), created: true };
    return this.createOrAdvance(caller, template, source);
  }

  /**
   * The file that a version came from, to the byte; a new one when it was made or edited as JSON.
   * @throws NotFoundError; DomainError EXPORT_NOT_POSSIBLE
   */
  async export(tenantId: TenantId, id: TemplateId, version?: number): Promise<{ name: string; text: string }> {
    const { template, source } = await this.templates.getSourced(tenantId, id, version);
    return { name: template.name, text: source?.text ?? writeDaemonV1(template) };
  }

  private async createOrAdvance(
    caller: Principal,
    template: NewTemplate,
    source: ImportedSource | null,
  ): Promise<Imported> {
    for (let attempt = 1; ; attempt++) {
      try {
        const current = await this.templates.findByName(caller.tenantId, template.name);
        return current === null
          ? { template: await this.templates.create(caller, template, source), created: true }
          : { template: await this.templates.makeVersion(caller, current, template.content, source), created: false };
      } catch (error) {
        const overtaken = error instanceof NameTakenError || error instanceof ConcurrentUpdateError;
        if (!overtaken || attempt === ATTEMPTS) throw error;
      }
    }
  }
}
