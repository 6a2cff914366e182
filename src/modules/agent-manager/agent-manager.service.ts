import { Injectable } from '@nestjs/common';
import { ManifestClaims } from '../../domain/agent-manager/manifest-claims.repository.js';
import { AgentInstances } from '../../domain/agent-instances/agent-instances.repository.js';
import { DomainError } from '../../domain/errors/domain-error.js';
import { actorOf, type Principal } from '../../domain/identity/principal.js';
import { newId, type AgentInstanceId } from '../../domain/ids.js';
import { assertBoundaryFor } from '../../domain/lifecycle/signed-needs-boundary.js';
import type { Project } from '../../domain/projects/project.js';
import type { Spawn } from '../../domain/projects/spawn.js';
import { RuntimeChoice } from '../../domain/runtime/runtime-choice.js';
import { Configuration } from '../../platform/config/configuration.js';
import { digestOf } from '../../platform/crypto/digest.js';
import { ProjectsService } from '../projects/projects.service.js';
import { mismatches } from './manifest-match.js';
import { manifestRefused, SignedManifests, type VerifiedManifest } from './signed-manifests.js';
import { SpawnPlaces, type Places } from './spawn-places.js';
import type { SpawnRequest } from './spawn-request.js';

/** The seat of a template that names no role. */
const ROLE_OF_NONE = 'agent';

/** Spawns agents: an assignment, a snapshot and a start in one, by a signed manifest where the profile asks for one. */
@Injectable()
export class AgentManagerService {
  constructor(
    private readonly manifests: SignedManifests,
    private readonly claims: ManifestClaims,
    private readonly places: SpawnPlaces,
    private readonly projects: ProjectsService,
    private readonly instances: AgentInstances,
    private readonly runtime: RuntimeChoice,
    private readonly configuration: Configuration,
  ) {}

  /**
   * Makes an agent that starts as soon as it is there, and waits, within a limit, until it is.
   * @throws DomainError SIGNED_MANIFEST_INVALID, SIGNED_MANIFEST_USED
   * @throws ValidationFailedError, ArchivedError, QuotaExceededError, RuntimeError unsupported
   */
  async spawn(caller: Principal, asked: SpawnRequest): Promise<AgentInstanceId> {
    const verified = await this.verify(caller, asked);
    const places = await this.places.find(caller, asked, verified?.manifest ?? null);
    if (verified !== null) this.assertMatch(verified, asked, places);
    const project = await this.places.open(caller, places.project);
    if (verified === null) {
      const instanceId = newId<AgentInstanceId>();
      await this.seat(caller, asked, { ...places, project }, instanceId, null);
      return instanceId;
    }
    return this.spend(caller, asked, { ...places, project }, verified);
  }

  private async verify(caller: Principal, asked: SpawnRequest): Promise<VerifiedManifest | null> {
    if (asked.signedManifest !== undefined) return this.manifests.verify(asked.signedManifest, caller.tenantId);
    if (asked.profile !== 'illuvrse') return null;
    throw manifestRefused([{ pointer: '', detail: 'is missing' }]);
  }

  private assertMatch(
    { manifest, digest }: VerifiedManifest,
    asked: SpawnRequest,
    { template, project }: Places,
  ): void {
    const faults = mismatches(manifest, {
      name: asked.name,
      profile: asked.profile,
      metadata: asked.metadata,
      template,
      image: template.content.manifest.image ?? this.configuration.agentImage,
      project: typeof project === 'string' ? project : project.slug,
    });
    if (faults.length > 0) throw manifestRefused(faults);
    assertBoundaryFor({ spawn: { manifestDigest: digest, keyId: manifest.keyId } }, this.runtime.runtime);
  }

  /** Its first use says for ever which agent a manifest may become; a use that a crash cut off is finished by the next. */
  private async spend(
    caller: Principal,
    asked: SpawnRequest,
    places: Places & { readonly project: Project },
    verified: VerifiedManifest,
  ): Promise<AgentInstanceId> {
    const { tenantId, apiKeyId } = caller;
    const request = asked.idempotencyKey === undefined ? null : digestOf([apiKeyId, asked.idempotencyKey]);
    const { digest } = verified;
    const wanted = { tenantId, digest, projectId: places.project.id, instanceId: newId<AgentInstanceId>(), request };
    const claim = await this.claims.settle(wanted);
    const used = manifestUsed(claim.instanceId);
    if (claim.projectId !== places.project.id) throw used;
    try {
      await this.seat(caller, asked, places, claim.instanceId, verified, async (read) => {
        const seats = [...read.roleAssignments, ...read.pendingRemovals];
        if (seats.some(({ instanceId }) => instanceId === claim.instanceId)) throw used;
        // Its seat was given up, and nothing of that is pending: then there is at least a tombstone.
        if ((await this.instances.find(claim.instanceId, tenantId)) !== null) throw used;
      });
    } catch (error) {
      // The answer to this very request was lost.
      if (error !== used || request === null || claim.request !== request) throw error;
    }
    return claim.instanceId;
  }

  private async seat(
    caller: Principal,
    asked: SpawnRequest,
    { template, project }: Places & { readonly project: Project },
    instanceId: AgentInstanceId,
    verified: VerifiedManifest | null,
    admit: (read: Project) => Promise<void> = () => Promise.resolve(),
  ): Promise<void> {
    const spawn: Spawn = {
      profile: asked.profile,
      metadata: asked.metadata,
      manifestDigest: verified?.digest ?? null,
      keyId: verified?.manifest.keyId ?? null,
    };
    const asking = { tenantId: caller.tenantId, actor: actorOf(caller) };
    const role = template.content.role === '' ? ROLE_OF_NONE : template.content.role;
    await this.projects.spawn(
      asking,
      project.id,
      { role, templateId: template.id, templateVersion: template.version, displayName: asked.name, instanceId, spawn },
      admit,
    );
  }
}

const manifestUsed = (instanceId: AgentInstanceId): DomainError =>
  new DomainError(
    'SIGNED_MANIFEST_USED',
    `This signed manifest was used for agent ${instanceId}. Have another one signed, with a nonce of its own.`,
    { details: { instanceId } },
  );
