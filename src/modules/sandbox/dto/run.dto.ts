import { ApiProperty } from '@nestjs/swagger';
import { RUN_STATUSES, RUN_TYPES, type Run, type RunStatus } from '../../../domain/runs/run.js';
import { ExecDetailsDto } from './exec-details.dto.js';
import { RunFailureDto } from './run-failure.dto.js';
import { StreamFactsDto } from './stream-facts.dto.js';
import { UsageDto } from './usage.dto.js';

/** One piece of work given to an agent. */
export class RunDto {
  @ApiProperty({ example: '66f2a1c09b1e8a4d3c5f7a10' })
  readonly id!: string;

  @ApiProperty({ example: '66f2a1c09b1e8a4d3c5f7a11' })
  readonly projectId!: string;

  @ApiProperty({ example: '66f2a1c09b1e8a4d3c5f7a12', description: 'The agent' })
  readonly instanceId!: string;

  @ApiProperty({ enum: RUN_TYPES, example: 'prompt' })
  readonly type!: string;

  @ApiProperty({ example: 0, description: 'Which copy of the agent does it' })
  readonly replica!: number;

  @ApiProperty({ enum: RUN_STATUSES, example: 'passed' })
  readonly status!: RunStatus;

  @ApiProperty({ type: String, nullable: true, example: 'Say who you are.', description: 'null for a command' })
  readonly input!: string | null;

  @ApiProperty({ type: ExecDetailsDto, nullable: true, description: 'The command; null for anything else' })
  readonly exec!: ExecDetailsDto | null;

  @ApiProperty({ type: Number, nullable: true, example: null, description: '128 + n after signal n' })
  readonly exitCode!: number | null;

  @ApiProperty({ type: String, nullable: true, example: null, description: 'The newest MiB; there once it has ended' })
  readonly stdout!: string | null;

  @ApiProperty({ type: String, nullable: true, example: null })
  readonly stderr!: string | null;

  @ApiProperty({ type: StreamFactsDto, nullable: true, description: 'null for anything but a command' })
  readonly stdoutFacts!: StreamFactsDto | null;

  @ApiProperty({ type: StreamFactsDto, nullable: true, description: 'null for anything but a command' })
  readonly stderrFacts!: StreamFactsDto | null;

  @ApiProperty({ type: String, nullable: true, example: 'I am Ada.', description: 'What the agent answered' })
  readonly output!: string | null;

  @ApiProperty({ type: UsageDto, nullable: true })
  readonly usage!: UsageDto | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: "SHA-256, in hex, of the output's UTF-8 bytes, or of all of stdout",
  })
  readonly resultHash!: string | null;

  @ApiProperty({ type: RunFailureDto, nullable: true, example: null })
  readonly error!: RunFailureDto | null;

  @ApiProperty({ example: '2026-01-31T12:00:00.000Z' })
  readonly createdAt!: Date;

  @ApiProperty({ type: Date, nullable: true, example: '2026-01-31T12:00:00.010Z' })
  readonly startedAt!: Date | null;

  @ApiProperty({ type: Date, nullable: true, example: '2026-01-31T12:00:01.000Z' })
  readonly endedAt!: Date | null;
}

export const toRunDto = (run: Run): RunDto => ({
  id: run.id,
  projectId: run.projectId,
  instanceId: run.instanceId,
  type: run.type,
  replica: run.replica,
  status: run.status,
  input: run.input,
  exec: run.exec,
  exitCode: run.exitCode,
  stdout: run.stdout,
  stderr: run.stderr,
  stdoutFacts: run.stdoutFacts,
  stderrFacts: run.stderrFacts,
  output: run.output,
  usage: run.usage,
  resultHash: run.resultHash,
  error: run.error,
  createdAt: run.createdAt,
  startedAt: run.startedAt,
  endedAt: run.endedAt,
});
