import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { PROBLEMS, type ProblemCode } from '../../domain/errors/problem-catalogue.js';
import type { Problem } from './problem.js';

export class FaultDto {
  @ApiProperty({
    description: 'JSON Pointer into the body, or the name of a parameter',
    example: '/roleAssignments/0/role',
  })
  readonly pointer!: string;

  @ApiProperty({ example: 'must be a string' })
  readonly detail!: string;
}

/** application/problem+json (RFC 9457), for the documentation. */
export class ProblemDto implements Problem {
  @ApiProperty({ example: '/problems/VALIDATION_FAILED' })
  readonly type!: string;

  @ApiProperty({ example: 'The request has faults' })
  readonly title!: string;

  @ApiProperty({ example: 422 })
  readonly status!: number;

  @ApiProperty({ example: 'The request has one fault; each is listed in errors.' })
  readonly detail!: string;

  @ApiProperty({ example: '/api/v1/projects' })
  readonly instance!: string;

  @ApiProperty({ enum: Object.keys(PROBLEMS), enumName: 'ProblemCode', example: 'VALIDATION_FAILED' })
  readonly code!: ProblemCode;

  @ApiProperty({ description: 'The same as the header X-Request-Id', example: '0c9a2a2e-6d1e-4d3b-9a54-6ec5b1f2b7a1' })
  readonly traceId!: string;

  @ApiPropertyOptional({ type: [FaultDto] })
  readonly errors!: readonly FaultDto[];

  @ApiPropertyOptional({
    type: Object,
    description: 'Facts about the case',
    example: { id: '66f2a1c09b1e8a4d3c5f7a10' },
  })
  readonly details!: NonNullable<Problem['details']>;
}
