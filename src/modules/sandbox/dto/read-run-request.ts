import { ValidationFailedError } from '../../../domain/errors/validation-failed.error.js';
import type { RunRequest } from '../../../domain/runs/run-request.js';
import { RUN_TYPES, type RunType } from '../../../domain/runs/run.js';
import { readBody } from '../../../platform/http/read-body.js';
import { ExecRunDto } from './exec-run.dto.js';
import { PromptRunDto } from './prompt-run.dto.js';

const DTOS = { prompt: PromptRunDto, exec: ExecRunDto } as const satisfies Record<RunType, unknown>;

/** A run request by its type's own rules. @throws ValidationFailedError with every fault */
export function readRunRequest(body: unknown): RunRequest {
  const type: unknown = typeof body === 'object' && body !== null && 'type' in body ? body.type : undefined;
  const known = RUN_TYPES.find((candidate) => candidate === type);
  if (known === undefined) {
    const detail = `must be one of ${RUN_TYPES.join(', ')}`;
    throw new ValidationFailedError([{ pointer: '/type', detail }]);
  }
  const reading = readBody<PromptRunDto | ExecRunDto>(DTOS[known], body);
  if ('faults' in reading) throw new ValidationFailedError(reading.faults);
  return reading.value.toRequest();
}
