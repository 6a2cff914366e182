import { RuntimeError, type RuntimeFailure } from '../../domain/runtime/runtime-errors.js';

/** What a status code means for one call, where that is not what it means in general. */
export type StatusMeaning = Readonly<Partial<Record<number | 'otherwise', RuntimeFailure>>>;

const STATUS: StatusMeaning = { 404: 'not-found', 501: 'unsupported', 503: 'unavailable' };

/** The engine is not there, or gone in the middle of a call. */
const UNREACHABLE = new Set([
  'ENOENT',
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'EACCES',
  'EPERM',
  'ENOTSOCK',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ERR_STREAM_PREMATURE_CLOSE',
]);

const SENTENCES: Partial<Record<RuntimeFailure, string>> = {
  unavailable: 'The container engine does not answer. Start it, or see that DOCKER_HOST names it.',
  timeout: 'The container engine took too long.',
};

/**
 * What went wrong, by status code or error number. The engine's own words stay in the cause, for the log: they can name
 * paths of the host.
 */
export function toRuntimeError(cause: unknown, what: string, meaning: StatusMeaning = {}): RuntimeError {
  if (cause instanceof RuntimeError) return cause;
  const { statusCode, code } = cause as { statusCode?: unknown; code?: unknown };
  const status = typeof statusCode === 'number' ? statusCode : null;
  const failure = failureOf(status, code, meaning);
  const answer = status === null ? 'failed' : `HTTP ${status}`;
  const sentence =
    SENTENCES[failure] ?? `The container engine refused to ${what} (${answer}). Muster's log has its reason.`;
  return new RuntimeError(failure, sentence, { cause, details: { call: what, status } });
}

/** What the engine could not do because its disk is full. */
export const diskFull = (cause: RuntimeError, what: string): RuntimeError =>
  new RuntimeError('engine-full', `The container engine refused to ${what}: no space is left on its disk.`, {
    cause,
    details: cause.details,
  });

function failureOf(status: number | null, code: unknown, meaning: StatusMeaning): RuntimeFailure {
  if (status !== null) return meaning[status] ?? STATUS[status] ?? meaning.otherwise ?? 'refused';
  if (code === 'ETIMEDOUT') return 'timeout';
  return typeof code === 'string' && UNREACHABLE.has(code) ? 'unavailable' : (meaning.otherwise ?? 'refused');
}

/** Whether the engine answered with one of these statuses. */
export function hasStatus(error: unknown, ...statuses: readonly number[]): boolean {
  const { statusCode } = error as { statusCode?: unknown };
  return typeof statusCode === 'number' && statuses.includes(statusCode);
}

/** Takes these answers as success. */
export function ignoring(...statuses: readonly number[]): (error: unknown) => void {
  return (error) => {
    if (!hasStatus(error, ...statuses)) throw error;
  };
}
