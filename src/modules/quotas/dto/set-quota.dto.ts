import { applyDecorators } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { ValidateBy } from 'class-validator';
import { exact, QUOTA_BOUNDS, QUOTA_NAMES, type Amounts, type QuotaName } from '../../../domain/quotas/quota.js';
import { MayBeLeftOut } from '../../../platform/http/may-be-left-out.decorator.js';

const IsLimit = (name: QuotaName, example: number): PropertyDecorator => {
  const { min, max, whole } = QUOTA_BOUNDS[name];
  return applyDecorators(
    ApiPropertyOptional({ type: whole ? 'integer' : 'number', minimum: min, maximum: max, example }),
    MayBeLeftOut(),
    ValidateBy({
      name: 'isLimit',
      validator: {
        validate: (value: unknown) =>
          typeof value === 'number' &&
          value >= min &&
          value <= max &&
          value === (whole ? Math.round(value) : exact(value)),
        defaultMessage: () =>
          whole
            ? `must be a whole number from ${min} to ${max}`
            : `must be a number from ${min} to ${max}, in thousandths at the finest`,
      },
    }),
  );
};

/** All limits at once: what is left out has the default of the installation, or the limit of the tenant. */
export class SetQuotaDto {
  @IsLimit('instances', 50)
  instances?: number;

  @IsLimit('replicas', 20)
  replicas?: number;

  @IsLimit('cpus', 8)
  cpus?: number;

  @IsLimit('memoryMiB', 16_384)
  memoryMiB?: number;

  @IsLimit('runs', 10)
  runs?: number;
}

export const toLimits = (body: SetQuotaDto): Amounts =>
  Object.fromEntries(QUOTA_NAMES.flatMap((name) => (body[name] === undefined ? [] : [[name, body[name]]])));
