import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Equals, IsInt, Max, Min } from 'class-validator';
import { posix } from 'node:path';
import type { ExecRunRequest } from '../../../domain/runs/run-request.js';
import { IsText } from '../../../platform/http/is-text.decorator.js';
import { MayBeLeftOut } from '../../../platform/http/may-be-left-out.decorator.js';
import { IsCommand } from '../../../platform/http/commands/is-command.decorator.js';
import { IsEnvironment } from '../../../platform/http/commands/is-environment.decorator.js';
import { IsWorkspacePath, WORKSPACE } from '../../../platform/http/commands/is-workspace-path.decorator.js';

const LONGEST_STDIN_BYTES = 512 * 1024;
const DEFAULT_TIMEOUT_SECONDS = 300;
const LONGEST_TIMEOUT_SECONDS = 3600;

export class ExecRunDto {
  @ApiProperty({ enum: ['exec'], example: 'exec' })
  @Equals('exec')
  readonly type!: 'exec';

  @ApiProperty({
    oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }],
    example: ['ls', '-l'],
    description: 'A program and its arguments, or one text for /bin/sh -c. At most 64 KiB, 256 arguments',
  })
  @IsCommand()
  readonly command!: string | readonly string[];

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: { type: 'string' },
    example: { CI: '1' },
    description: "On top of the container's: at most 64 variables, 32 KiB. Values are kept nowhere",
  })
  @MayBeLeftOut()
  @IsEnvironment()
  readonly env?: Readonly<Record<string, string>>;

  @ApiPropertyOptional({ example: 'src', default: '.', description: 'A folder of the workspace' })
  @MayBeLeftOut()
  @IsWorkspacePath()
  readonly cwd?: string;

  @ApiPropertyOptional({ example: '', description: 'What it can read from stdin, up to 512 KiB. Kept nowhere' })
  @MayBeLeftOut()
  @IsText({ maxBytes: LONGEST_STDIN_BYTES })
  readonly stdin?: string;

  @ApiPropertyOptional({ minimum: 1, maximum: LONGEST_TIMEOUT_SECONDS, default: DEFAULT_TIMEOUT_SECONDS })
  @MayBeLeftOut()
  @IsInt()
  @Min(1)
  @Max(LONGEST_TIMEOUT_SECONDS)
  readonly timeoutSeconds?: number;

  toRequest(): ExecRunRequest {
    return {
      type: this.type,
      command: typeof this.command === 'string' ? ['/bin/sh', '-c', this.command] : this.command,
      cwd: posix.resolve(WORKSPACE, this.cwd ?? '.'),
      env: this.env ?? {},
      stdin: this.stdin ?? '',
      timeoutSeconds: this.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS,
    };
  }
}
