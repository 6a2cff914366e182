import { applyDecorators } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';
import { IDENTITY_MAX_BYTES, JSON_MAX_DEPTH } from '../../../domain/templates/limits.js';
import { IsJsonObject } from '../is-json-object.decorator.js';
import { AIEOS_IDENTITY } from './blueprint-schemas.js';

export interface IdentityProperty {
  readonly description: string;
  /** What leaving it out means, where that is not to leave things as they are. */
  readonly default?: null;
}

/** An AIEOS document of a request, taken as given; null is none. */
export const IsAieosIdentity = ({ description, ...more }: IdentityProperty): PropertyDecorator =>
  applyDecorators(
    IsJsonObject({ maxBytes: IDENTITY_MAX_BYTES, maxDepth: JSON_MAX_DEPTH }),
    IsOptional(),
    ApiPropertyOptional({
      ...AIEOS_IDENTITY,
      ...more,
      example: { standard: { protocol: 'AIEOS', version: '1.2.1' }, identity: { names: { first: 'Ines' } } },
      description,
    }),
  );
