import { Injectable, ValidationPipe, type ArgumentMetadata } from '@nestjs/common';
import { ValidationFailedError } from '../../domain/errors/validation-failed.error.js';
import { faultsOf } from './faults.js';

/**
 * Turns bodies, queries and path parameters into their DTO classes and refuses what does not fit: every fault at once,
 * unknown properties included.
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
    try {
      return (await super.transform(value, metadata)) as unknown;
    } catch (error) {
      if (error instanceof ValidationFailedError && metadata.type !== 'body') {
        throw new ValidationFailedError(
          error.faults.map(({ pointer, detail }) => ({ pointer: pointer.slice(1), detail })),
        );
      }
      throw error;
    }
  }
}
