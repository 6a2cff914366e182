import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { ValidateBy } from 'class-validator';
import { WORKSPACE, workspacePathFault } from '../../domain/files/workspace-path.js';

/** A path in the workspace, as the agent sees it. With a `whole` one, that of the workspace itself when it is left out. */
export const IsWorkspacePath = ({ whole }: { whole: boolean }): PropertyDecorator =>
  applyDecorators(
    ApiProperty({
      required: !whole,
      example: whole ? WORKSPACE : `${WORKSPACE}/notes.txt`,
      ...(whole && { default: WORKSPACE }),
      description: `${WORKSPACE}, or a path below it. Links on the way are not followed`,
    }),
    ValidateBy({
      name: 'isWorkspacePath',
      validator: {
        validate: (value: unknown) => faultOf(value, whole) === null,
        defaultMessage: (asked) => faultOf(asked?.value, whole) ?? '',
      },
    }),
  );

function faultOf(value: unknown, whole: boolean): string | null {
  const fault = workspacePathFault(value);
  if (fault !== null || whole) return fault;
  return /^\/workspace[/.]*$/.test(String(value)) ? 'must not be the workspace itself' : null;
}
