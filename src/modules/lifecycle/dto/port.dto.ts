import { ApiProperty } from '@nestjs/swagger';
import type { ManagedInstance } from '../../../domain/lifecycle/managed-instance.js';
import { FailureDto, toFailureDto } from './failure.dto.js';

const LOOPBACK = '127.0.0.1';

/** Where a port of an agent is to be reached on Muster's host. */
export class PortDto {
  @ApiProperty({ example: 5432, description: "In the agent's container" })
  readonly containerPort!: number;

  @ApiProperty({ example: '127.0.0.1' })
  readonly hostIp!: string;

  @ApiProperty({ type: Number, nullable: true, example: 40123, description: 'null: none was found yet' })
  readonly hostPort!: number | null;

  @ApiProperty({ example: true, description: 'A Muster listens there' })
  readonly listening!: boolean;

  @ApiProperty({ type: FailureDto, nullable: true, example: null, description: 'Why nobody listens there' })
  readonly error!: FailureDto | null;
}

export function toPortDtos({ manifest, lifecycle: { ports = null } }: ManagedInstance): readonly PortDto[] {
  const isServed = ports !== null && ports.lease.until.getTime() > Date.now();
  return (manifest.ports ?? []).map(({ containerPort, hostIp = LOOPBACK, hostPort }) => {
    const binding = ports?.bindings.find((known) => known.containerPort === containerPort);
    const error = binding?.error ?? null;
    return {
      containerPort,
      hostIp,
      hostPort: binding?.hostPort ?? hostPort ?? null,
      listening: isServed && binding !== undefined && error === null,
      error: isServed && error !== null ? toFailureDto(error) : null,
    };
  });
}
