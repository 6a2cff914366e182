import { DomainError } from '../errors/domain-error.js';

/** Thrown when the name is taken by a container that is not Muster's, or another installation's. */
export class ContainerNameTakenError extends DomainError {
  constructor(name: string) {
    super('CONTAINER_NAME_CONFLICT', `The name ${name} belongs to a container that is not this Muster's.`, {
      details: { name },
    });
  }
}
