import { DomainError, type Fault } from '../errors/domain-error.js';

/** Thrown when templates, or versions of them, that are to be used do not exist for this tenant; each is named. */
export class TemplatesUnknownError extends DomainError {
  constructor(faults: readonly Fault[]) {
    const what = faults.length === 1 ? 'One template does' : `${faults.length} templates do`;
    super('TEMPLATES_UNKNOWN', `${what} not exist for this tenant; each is named in errors.`, { faults });
  }
}
