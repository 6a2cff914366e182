import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { posix } from 'node:path';
import { IsCommand } from '../../../platform/http/commands/is-command.decorator.js';
import { IsEnvironment } from '../../../platform/http/commands/is-environment.decorator.js';
import { IsWorkspacePath, WORKSPACE } from '../../../platform/http/commands/is-workspace-path.decorator.js';
import { IsWholeNumber } from '../../../platform/http/is-whole-number.decorator.js';
import { MayBeLeftOut } from '../../../platform/http/may-be-left-out.decorator.js';
import { LARGEST_SIZE } from '../control-message.js';
import type { TerminalRequest } from '../terminal-request.js';

const SHELL = '/bin/sh';

export class CreateTerminalDto {
  @ApiPropertyOptional({
    oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }],
    example: ['/bin/sh'],
    default: ['/bin/sh'],
    description: 'A program and its arguments, or one text for /bin/sh -c',
  })
  @MayBeLeftOut()
  @IsCommand()
  readonly command?: string | readonly string[];

  @ApiProperty({ minimum: 1, maximum: LARGEST_SIZE, example: 80 })
  @IsWholeNumber(1, LARGEST_SIZE)
  readonly cols!: number;

  @ApiProperty({ minimum: 1, maximum: LARGEST_SIZE, example: 24 })
  @IsWholeNumber(1, LARGEST_SIZE)
  readonly rows!: number;

  @ApiPropertyOptional({ example: '.', default: '.', description: 'A folder of the workspace' })
  @MayBeLeftOut()
  @IsWorkspacePath()
  readonly cwd?: string;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: { type: 'string' },
    example: { EDITOR: 'vi' },
    description:
      "On top of the container's, and of TERM. Values are sealed until the terminal is opened, then forgotten",
  })
  @MayBeLeftOut()
  @IsEnvironment()
  readonly env?: Readonly<Record<string, string>>;

  toRequest(): TerminalRequest {
    const { command = [SHELL], cols, rows, cwd, env } = this;
    return {
      command: typeof command === 'string' ? [SHELL, '-c', command] : command,
      cwd: posix.resolve(WORKSPACE, cwd ?? '.'),
      env: env ?? {},
      size: { columns: cols, rows },
    };
  }
}
