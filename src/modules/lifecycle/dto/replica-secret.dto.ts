import { ApiProperty } from '@nestjs/swagger';
import type { ReplicaSecret } from '../../../domain/lifecycle/lifecycle.js';

/** A secret that a running copy of an agent was given; never its value. */
export class ReplicaSecretDto {
  @ApiProperty({ example: 'REGISTRY_TOKEN', description: 'The variable in the manifest: what its file is called' })
  readonly variable!: string;

  @ApiProperty({ example: 'registry.token' })
  readonly name!: string;

  @ApiProperty({ enum: ['project', 'tenant'], nullable: true, example: 'project', description: 'null: not given yet' })
  readonly scope!: 'project' | 'tenant' | null;

  @ApiProperty({ type: Number, nullable: true, example: 3 })
  readonly version!: number | null;
}

export const toReplicaSecretDto = ({ variable, name, given }: ReplicaSecret): ReplicaSecretDto => ({
  variable,
  name,
  scope: given?.scope ?? null,
  version: given?.version ?? null,
});
