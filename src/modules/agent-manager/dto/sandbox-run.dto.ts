import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { posix } from 'node:path';
import { ValidationFailedError } from '../../../domain/errors/validation-failed.error.js';
import type { RunRequest } from '../../../domain/runs/run-request.js';
import { IsCommand } from '../../../platform/http/commands/is-command.decorator.js';
import { IsEnvironment } from '../../../platform/http/commands/is-environment.decorator.js';
import { IsWorkspacePath, WORKSPACE } from '../../../platform/http/commands/is-workspace-path.decorator.js';
import { IsText } from '../../../platform/http/is-text.decorator.js';
import { IsWholeNumber } from '../../../platform/http/is-whole-number.decorator.js';
import { MayBeLeftOut } from '../../../platform/http/may-be-left-out.decorator.js';

const LONGEST_INPUT_BYTES = 256 * 1024;
const LONGEST_STDIN_BYTES = 512 * 1024;
const DEFAULT_TIMEOUT_SECONDS = 300;
const LONGEST_TIMEOUT_SECONDS = 3600;

/** Only a command has these. */
const OF_COMMAND = ['cwd', 'env', 'stdin', 'timeout_seconds'] as const;

/** A command in the agent's container, or a prompt for the agent: one of both. */
export class SandboxRunDto {
  @ApiPropertyOptional({
    oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }],
    example: ['ls', '-l'],
    description: 'A program and its arguments, or one text for /bin/sh -c',
  })
  @MayBeLeftOut()
  @IsCommand()
  readonly command?: string | readonly string[];

  @ApiPropertyOptional({ example: 'Say who you are.', description: 'A prompt, in place of a command' })
  @MayBeLeftOut()
  @IsText({ maxBytes: LONGEST_INPUT_BYTES, minLength: 1 })
  readonly input?: string;

  @ApiPropertyOptional({ example: 'src', default: '.', description: 'A folder of the workspace' })
  @MayBeLeftOut()
  @IsWorkspacePath()
  readonly cwd?: string;

  @ApiPropertyOptional({ type: 'object', additionalProperties: { type: 'string' }, example: { CI: '1' } })
  @MayBeLeftOut()
  @IsEnvironment()
  readonly env?: Readonly<Record<string, string>>;

  @ApiPropertyOptional({ example: '' })
  @MayBeLeftOut()
  @IsText({ maxBytes: LONGEST_STDIN_BYTES })
  readonly stdin?: string;

  @ApiPropertyOptional({ minimum: 1, maximum: LONGEST_TIMEOUT_SECONDS, default: DEFAULT_TIMEOUT_SECONDS })
  @MayBeLeftOut()
  @IsWholeNumber(1, LONGEST_TIMEOUT_SECONDS)
  readonly timeout_seconds?: number;

  /** @throws ValidationFailedError when it is neither a command nor a prompt, or both */
  toRequest(): RunRequest {
    const { command, input } = this;
    if ((command === undefined) === (input === undefined)) {
      throw new ValidationFailedError([{ pointer: '', detail: 'must have one of command and input' }]);
    }
    if (input !== undefined) {
      const alien = OF_COMMAND.filter((name) => this[name] !== undefined);
      if (alien.length === 0) return { type: 'prompt', input };
      throw new ValidationFailedError(
        alien.map((name) => ({ pointer: `/${name}`, detail: 'goes with a command only' })),
      );
    }
    return {
      type: 'exec',
      command: typeof command === 'string' ? ['/bin/sh', '-c', command] : (command ?? []),
      cwd: posix.resolve(WORKSPACE, this.cwd ?? '.'),
      env: this.env ?? {},
      stdin: this.stdin ?? '',
      timeoutSeconds: this.timeout_seconds ?? DEFAULT_TIMEOUT_SECONDS,
    };
  }
}

export class SandboxRunQueuedDto {
  @ApiProperty({ enum: [true], example: true })
  readonly ok!: true;

  @ApiProperty({ example: '66f2a1c09b1e8a4d3c5f7a13' })
  readonly run_id!: string;

  @ApiProperty({ example: '66f2a1c09b1e8a4d3c5f7a10' })
  readonly agent_id!: string;

  @ApiProperty({ enum: ['queued', 'running', 'passed', 'failed', 'cancelled', 'timed_out'], example: 'running' })
  readonly status!: string;
}
