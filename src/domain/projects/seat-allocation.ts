import type { ForkOrigin } from '../agent-snapshots/agent-snapshot.js';
import type { Actor } from '../events/actor.js';
import { newId, type AgentInstanceId, type TemplateId } from '../ids.js';
import type { Project, RoleAssignment } from './project.js';
import { roleSlugOf } from './role-slug.js';
import type { Spawn } from './spawn.js';

/** A seat somebody asks for, with its template resolved to a version. */
export interface WantedSeat {
  /** Given by who has to know it before the seat is written; a new one otherwise. */
  readonly instanceId?: AgentInstanceId;
  readonly role: string;
  readonly templateId: TemplateId;
  readonly templateVersion: number;
  readonly displayName: string | null;
  readonly tags: readonly string[];
  /** @default null */
  readonly forkedFrom?: ForkOrigin | null;
  readonly spawn?: Spawn;
}

/**
 * Gives each wanted seat its instance id and its identifier. The counters come back moved on: they have to be stored in
 * the same write as the seats, so that a number is never used twice.
 */
export function allocateSeats(
  project: Pick<Project, 'slug' | 'roleCounters'>,
  wanted: readonly WantedSeat[],
  assigned: { readonly at: Date; readonly by: Actor },
): { readonly seats: readonly RoleAssignment[]; readonly roleCounters: Readonly<Record<string, number>> } {
  const counters = new Map(Object.entries(project.roleCounters));
  const seats = wanted.map((seat) => {
    const slug = roleSlugOf(seat.role);
    const n = (counters.get(slug) ?? 0) + 1;
    counters.set(slug, n);
    return {
      role: seat.role,
      templateId: seat.templateId,
      templateVersion: seat.templateVersion,
      displayName: seat.displayName,
      tags: seat.tags,
      forkedFrom: seat.forkedFrom ?? null,
      instanceId: seat.instanceId ?? newId<AgentInstanceId>(),
      identifier: `${project.slug}-${slug}-${n}`,
      assignedAt: assigned.at,
      assignedBy: assigned.by,
      ...(seat.spawn === undefined ? {} : { spawn: seat.spawn }),
    };
  });
  return { seats, roleCounters: Object.fromEntries(counters) };
}
