import type { AgentManifest } from '../../domain/agent-manager/signed-manifest.js';
import type { Fault } from '../../domain/errors/domain-error.js';
import { pointerTo } from '../../domain/json-pointer.js';
import type { JsonObject } from '../../domain/json.js';
import type { SpawnProfile } from '../../domain/projects/spawn.js';
import type { TemplateVersion } from '../../domain/templates/template.js';
import { canonicalJson } from '../../platform/crypto/canonical-json.js';

/** What is about to be spawned. */
export interface SpawnFacts {
  readonly name: string;
  readonly profile: SpawnProfile;
  readonly metadata: JsonObject;
  readonly template: Pick<TemplateVersion, 'name' | 'version' | 'digest'>;
  /** The reference that its container is to be made from. */
  readonly image: string;
  /** The project's slug. */
  readonly project: string;
}

/** Each thing that a manifest says otherwise than it would be. */
export function mismatches(manifest: AgentManifest, facts: SpawnFacts): readonly Fault[] {
  const { template } = facts;
  const compared: readonly (readonly [path: readonly string[], signed: unknown, real: unknown])[] = [
    [['name'], manifest.name, facts.name],
    [['profile'], manifest.profile, facts.profile],
    [['template', 'name'], manifest.template.name, template.name],
    [['template', 'version'], manifest.template.version, template.version],
    [['template', 'digest'], manifest.template.digest, template.digest],
    [['image'], manifest.image, facts.image],
    [['project'], manifest.project, facts.project],
    [['metadata'], manifest.metadata, facts.metadata],
  ];
  return compared
    .filter(([, signed, real]) => signed !== undefined && canonicalJson(signed) !== canonicalJson(real))
    .map(([path]) => ({ pointer: pointerTo(['manifest', ...path]), detail: 'is not what would be spawned' }));
}
