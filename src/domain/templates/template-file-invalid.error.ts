import { DomainError, type Fault } from '../errors/domain-error.js';

/** Thrown with every fault of a template file at once; pointers lead into the file, details name the line. */
export class TemplateFileInvalidError extends DomainError {
  constructor(faults: readonly Fault[]) {
    const count = faults.length === 1 ? 'one fault' : `${faults.length} faults`;
    super('TEMPLATE_FILE_INVALID', `The template file has ${count}; each is listed in errors.`, { faults });
  }
}
