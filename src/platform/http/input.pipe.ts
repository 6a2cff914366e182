import { Injectable, ValidationPipe, type ArgumentMetadata } from '@nestjs/common';
import { ValidationFailedError } from '../../domain/errors/validation-failed.error.js';
import { faultsOf } from './faults.js';
import { readBody, type DtoClass } from './read-body.js';

/**
 * Turns bodies, queries and path parameters into their DTO classes and refuses what does not fit: every fault at once,
 * unknown properties included. Parameters, which are texts, become what @Type says; bodies are taken as they are.
 */
@Injectable()
export class InputPipe extends ValidationPipe {
  constructor() {
    super({
      transform: true,
      whitelist: true,
      forbidNonWhitelisted: true,
      forbidUnknownValues: true,
      validationError: { target: false, value: false },
      exceptionFactory: (errors) => new ValidationFailedError(faultsOf(errors)),
    });
  }

  /** @throws ValidationFailedError; pointers lead into the body, or are the name of a parameter */
  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (metadata.type === 'body')
      return this.toValidate(metadata) ? asBody(value, metadata.metatype as DtoClass) : value;
    try {
      return (await super.transform(value, metadata)) as unknown;
    } catch (error) {
      if (!(error instanceof ValidationFailedError)) throw error;
      throw new ValidationFailedError(
        error.faults.map(({ pointer, detail }) => ({ pointer: pointer.slice(1), detail })),
      );
    }
  }
}

function asBody(value: unknown, dto: DtoClass): object {
  const reading = readBody(dto, value);
  if ('faults' in reading) throw new ValidationFailedError(reading.faults);
  return reading.value;
}
