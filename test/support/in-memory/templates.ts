import { systemActor } from '../../../src/domain/events/actor.js';
import { newId, type TemplateId, type TenantId } from '../../../src/domain/ids.js';
import { TemplatesUnknownError } from '../../../src/domain/templates/templates-unknown.error.js';
import type { VersionReference } from '../../../src/domain/templates/template-history.repository.js';
import type { TemplateContent, TemplateVersion } from '../../../src/domain/templates/template.js';
import { digestOf } from '../../../src/platform/crypto/digest.js';

/** Templates in memory, as far as whoever uses them for agents can tell. */
export class InMemoryTemplates {
  private readonly versions = new Map<TemplateId, TemplateVersion[]>();

  constructor(private readonly tenantId: TenantId) {}

  /** A template, version 1. */
  create(content: Partial<TemplateContent> = {}): TemplateVersion {
    return this.add(newId<TemplateId>(), {
      displayName: 'The developer',
      description: '',
      role: 'developer',
      tags: ['team'],
      labels: [],
      soul: 'I write the test first.',
      aieos_identity: { identity: { names: { first: 'Ada' } } },
      systemPrompt: 'Develop.',
      tools: ['fs__file__read'],
      config: { model: 'any', provider: 'echo', skills: '', canWriteCode: true, mcpServers: [] },
      manifest: {},
      extensions: {},
      ...content,
    });
  }

  /** One version more. */
  update(id: TemplateId, content: Partial<TemplateContent>): TemplateVersion {
    const newest = this.newest(id);
    return this.add(id, { ...newest.content, ...content });
  }

  newest(id: TemplateId): TemplateVersion {
    return this.versions.get(id)!.at(-1)!;
  }

  resolve(
    tenantId: TenantId,
    wanted: readonly { templateId: TemplateId; version?: number | undefined; pointer: string }[],
  ): Promise<readonly TemplateVersion[]> {
    const missing = wanted.filter(({ templateId }) => tenantId !== this.tenantId || !this.versions.has(templateId));
    if (missing.length > 0) {
      return Promise.reject(
        new TemplatesUnknownError(
          missing.map(({ pointer, templateId }) => ({ pointer, detail: `there is no template ${templateId}` })),
        ),
      );
    }
    return this.getVersions(
      tenantId,
      wanted.map(({ templateId, version }) => ({
        id: templateId,
        version: version ?? this.newest(templateId).version,
      })),
    );
  }

  getVersions(_tenantId: TenantId, references: readonly VersionReference[]): Promise<readonly TemplateVersion[]> {
    return Promise.resolve(references.map(({ id, version }) => this.versions.get(id)![version - 1]!));
  }

  private add(id: TemplateId, content: TemplateContent): TemplateVersion {
    const versions = this.versions.get(id) ?? [];
    const version: TemplateVersion = {
      id,
      tenantId: this.tenantId,
      name: 'developer',
      version: versions.length + 1,
      digest: digestOf({ name: 'developer', ...content }),
      content,
      versionCreatedAt: new Date(),
      versionCreatedBy: systemActor('test'),
    };
    this.versions.set(id, [...versions, version]);
    return version;
  }
}
