import { types } from 'node:util';
import { DomainError } from '../domain/errors/domain-error.js';
import type { ContainerRuntime } from '../domain/runtime/container-runtime.js';
import { RuntimeError } from '../domain/runtime/runtime-errors.js';
import type { EngineOutcome, Telemetry } from '../domain/telemetry/telemetry.js';

/**
 * The same runtime, each of whose calls is told to telemetry with what became of it: those that answer once. Streams (logs,
 * events) last as long as somebody reads them, and are not.
 */
export function measured(runtime: ContainerRuntime, telemetry: Pick<Telemetry, 'engineCalled'>): ContainerRuntime {
  return new Proxy(runtime, {
    get(target, property): unknown {
      const member: unknown = Reflect.get(target, property, target);
      if (typeof member !== 'function' || typeof property === 'symbol') return member;
      return (...args: unknown[]): unknown => {
        const began = performance.now();
        const result: unknown = Reflect.apply(member, target, args);
        if (!types.isPromise(result)) return result;
        const told = (outcome: EngineOutcome): void => {
          telemetry.engineCalled(property, outcome, (performance.now() - began) / 1000);
        };
        result.then(
          () => {
            told('ok');
          },
          (error: unknown) => {
            told(outcomeOf(error));
          },
        );
        return result;
      };
    },
  });
}

function outcomeOf(error: unknown): EngineOutcome {
  if (error instanceof RuntimeError) return error.failure;
  return error instanceof DomainError ? 'agent' : 'other';
}
