import { signedOriginOf, type Provenance } from '../projects/spawn.js';
import type { ContainerRuntime } from '../runtime/container-runtime.js';
import { RuntimeError } from '../runtime/runtime-errors.js';

/** What a signed manifest allows, and every copy of it, runs behind a boundary or not at all. @throws RuntimeError unsupported */
export function assertBoundaryFor(
  agent: Provenance,
  { name, capabilities }: Pick<ContainerRuntime, 'name' | 'capabilities'>,
): void {
  if (capabilities.isolation || signedOriginOf(agent) === null) return;
  throw new RuntimeError(
    'unsupported',
    `The ${name} runtime is no boundary, so it takes no agents of signed manifests. Use a container engine (RUNTIME=docker).`,
  );
}
