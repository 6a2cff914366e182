import { ApiProperty } from '@nestjs/swagger';
import type { ForkOrigin } from '../../../domain/agent-snapshots/agent-snapshot.js';
import type { Project, RoleAssignment } from '../../../domain/projects/project.js';
import { teamOf } from '../../../domain/projects/team.js';

/** The snapshot that an agent was made from in place of its template. */
export class ForkOriginDto {
  @ApiProperty({ example: '66f2a1c09b1e8a4d3c5f7b01' })
  snapshotId!: string;

  @ApiProperty({ example: '66f2a1c09b1e8a4d3c5f7a12' })
  instanceId!: string;

  @ApiProperty({ example: 2 })
  revision!: number;

  @ApiProperty({
    type: String,
    nullable: true,
    example: null,
    description: 'SHA-256 of the signed manifest behind that agent, which allows that agent and not this one',
  })
  manifestDigest!: string | null;

  @ApiProperty({ type: String, nullable: true, example: null, description: 'Why, in the words of who forked it' })
  reason!: string | null;
}

/** A seat of the team, and the agent that fills it. */
export class RoleAssignmentDto {
  @ApiProperty({ example: 'developer' })
  role!: string;

  @ApiProperty({ example: '66f2a1c09b1e8a4d3c5f7a10' })
  templateId!: string;

  @ApiProperty({ example: 3 })
  templateVersion!: number;

  @ApiProperty({ type: String, nullable: true, example: null, description: "null: the template's" })
  displayName!: string | null;

  @ApiProperty({ type: [String], example: ['frontend'] })
  tags!: readonly string[];

  @ApiProperty({ example: 'web-app-dev-1' })
  identifier!: string;

  @ApiProperty({ example: '66f2a1c09b1e8a4d3c5f7a12' })
  instanceId!: string;

  @ApiProperty({ type: ForkOriginDto, nullable: true, example: null, description: 'null: made from the template' })
  forkedFrom!: ForkOriginDto | null;

  @ApiProperty({ example: '2026-01-31T12:00:00.000Z' })
  assignedAt!: Date;
}

/** Whether the minimum team (TEAM_ROLES) is there. */
export class TeamDto {
  @ApiProperty({ example: false })
  complete!: boolean;

  @ApiProperty({ type: [String], example: ['tester'] })
  missingRoles!: readonly string[];
}

export class ProjectDto {
  @ApiProperty({ example: '66f2a1c09b1e8a4d3c5f7a13' })
  id!: string;

  @ApiProperty({ example: 'Web App' })
  name!: string;

  @ApiProperty({ example: 'web-app' })
  slug!: string;

  @ApiProperty({ example: 'The shop, rewritten' })
  description!: string;

  @ApiProperty({ example: false })
  autostart!: boolean;

  @ApiProperty({ type: [RoleAssignmentDto] })
  roleAssignments!: readonly RoleAssignmentDto[];

  @ApiProperty({ type: TeamDto })
  team!: TeamDto;

  @ApiProperty({ example: 1, description: 'The ETag' })
  revision!: number;

  @ApiProperty({ example: '2026-01-31T12:00:00.000Z' })
  createdAt!: Date;

  @ApiProperty({ example: '2026-01-31T12:00:00.000Z' })
  updatedAt!: Date;

  @ApiProperty({ type: Date, nullable: true, example: null })
  archivedAt!: Date | null;
}

const toForkOriginDto = ({ snapshotId, instanceId, revision, signedOrigin, reason }: ForkOrigin): ForkOriginDto => ({
  snapshotId,
  instanceId,
  revision,
  manifestDigest: signedOrigin?.manifestDigest ?? null,
  reason: reason ?? null,
});

export const toRoleAssignmentDto = (seat: RoleAssignment): RoleAssignmentDto => ({
  role: seat.role,
  templateId: seat.templateId,
  templateVersion: seat.templateVersion,
  displayName: seat.displayName,
  tags: seat.tags,
  identifier: seat.identifier,
  instanceId: seat.instanceId,
  forkedFrom: seat.forkedFrom === null ? null : toForkOriginDto(seat.forkedFrom),
  assignedAt: seat.assignedAt,
});

export const toProjectDto = (project: Project, teamRoles: readonly string[]): ProjectDto => ({
  id: project.id,
  name: project.name,
  slug: project.slug,
  description: project.description,
  autostart: project.autostart,
  roleAssignments: project.roleAssignments.map(toRoleAssignmentDto),
  team: teamOf(
    teamRoles,
    project.roleAssignments.map(({ role }) => role),
  ),
  revision: project.revision,
  createdAt: project.createdAt,
  updatedAt: project.updatedAt,
  archivedAt: project.archivedAt,
});
