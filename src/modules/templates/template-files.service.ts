import { Injectable } from '@nestjs/common';
import { ConcurrentUpdateError } from '../../domain/errors/concurrent-update.error.js';
import { NameTakenError } from '../../domain/errors/name-taken.error.js';
import type { TemplateId, TenantId } from '../../domain/ids.js';
import type { Principal } from '../../domain/identity/principal.js';
import type { ImportedSource, Template, TemplateFormat } from '../../domain/templates/template.js';
import { readDaemonV1 } from './daemon-v1/read-daemon-v1.js';
import { readTemplateFile } from './daemon-v1/read-template-file.js';
import type { TemplateFile } from './daemon-v1/template-file.js';
import { writeDaemonV1 } from './daemon-v1/write-daemon-v1.js';
import { readManifestJson } from './manifest-json/read-manifest-json.js';
import { writeManifestJson } from './manifest-json/write-manifest-json.js';
import type { NewTemplate } from './template-input.js';
import { TemplatesService } from './templates.service.js';

/** How often an import looks again when another request makes or changes the template of that name meanwhile. */
const ATTEMPTS = 5;

interface FileFormat {
  readonly read: (file: TemplateFile, fileName: string | null) => NewTemplate;
  readonly write: (template: NewTemplate) => string;
  readonly mediaType: string;
  readonly extension: string;
}

const FORMATS: Readonly<Record<TemplateFormat, FileFormat>> = {
  'daemon-v1': { read: readDaemonV1, write: writeDaemonV1, mediaType: 'application/yaml', extension: 'yaml' },
  'manifest-json': {
    read: readManifestJson,
    write: writeManifestJson,
    mediaType: 'application/json',
    extension: 'json',
  },
};

export interface ExportedFile {
  readonly fileName: string;
  readonly mediaType: string;
  readonly text: string;
}

export interface ImportOptions {
  readonly format: TemplateFormat;
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
  async import(caller: Principal, body: unknown, { format, fileName, onConflict }: ImportOptions): Promise<Imported> {
    const template = readTemplateFile(body, fileName, FORMATS[format].read);
    const source: ImportedSource | null = typeof body === 'string' ? { format, text: body } : null;
    if (onConflict === 'fail')
      return { template: await this.templates.create(caller, template, source), created: true };
    return this.createOrAdvance(caller, template, source);
  }

  /**
   * The file that a version came from, to the byte; a new one when it was made or edited as JSON, or came in another format.
   * @throws NotFoundError; DomainError EXPORT_NOT_POSSIBLE
   */
  async export(tenantId: TenantId, id: TemplateId, format: TemplateFormat, version?: number): Promise<ExportedFile> {
    const { template, source } = await this.templates.getSourced(tenantId, id, version);
    const { write, mediaType, extension } = FORMATS[format];
    const text = source?.format === format ? source.text : write(template);
    return { fileName: `${template.name}.${extension}`, mediaType, text };
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
