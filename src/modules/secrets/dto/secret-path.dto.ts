import { ApiProperty } from '@nestjs/swagger';
import { Matches, MaxLength } from 'class-validator';
import type { ProjectId } from '../../../domain/ids.js';
import { SECRET_NAME, SECRET_NAME_LENGTH, SECRET_NAME_RULE } from '../../../domain/secrets/secret-name.js';
import { IsId } from '../../../platform/http/is-id.decorator.js';

/** A secret of the tenant. */
export class SecretPath {
  @ApiProperty({
    example: 'registry.token',
    description: 'Its name; a slash in it is written %2F',
    pattern: SECRET_NAME,
  })
  @MaxLength(SECRET_NAME_LENGTH, { message: `must be at most ${SECRET_NAME_LENGTH} characters long` })
  @Matches(new RegExp(SECRET_NAME), { message: SECRET_NAME_RULE })
  name!: string;
}

/** The secrets of a project. */
export class ProjectSecretsPath {
  @IsId('The project')
  projectId!: ProjectId;
}

/** A secret of a project. */
export class ProjectSecretPath extends SecretPath {
  @IsId('The project')
  projectId!: ProjectId;
}
