import type { AgentInstance, InstanceEdit } from '../../domain/agent-instances/agent-instance.js';
import { ValidationFailedError } from '../../domain/errors/validation-failed.error.js';
import type { JsonObject } from '../../domain/json.js';
import { mergePatch } from '../../domain/merge-patch.js';
import { IDENTITY_MAX_BYTES } from '../../domain/templates/limits.js';

/**
 * What a PATCH makes of an instance: application/merge-patch+json merges into the identity (RFC 7396), application/json
 * replaces it. The other fields are texts and lists, which both replace.
 * @throws ValidationFailedError from the change itself, when the merged identity is too large
 */
export function instancePatch(
  contentType: string | undefined,
  given: InstanceEdit,
): (current: AgentInstance) => InstanceEdit {
  const { aieos_identity: patch } = given;
  const merges = contentType?.toLowerCase().startsWith('application/merge-patch+json') ?? false;
  if (!merges || patch === undefined || patch === null) return () => given;
  return (current) => {
    const merged = mergePatch(current.aieos_identity ?? {}, patch) as JsonObject;
    const bytes = Buffer.byteLength(JSON.stringify(merged), 'utf8');
    if (bytes > IDENTITY_MAX_BYTES) {
      throw new ValidationFailedError([
        {
          pointer: '/aieos_identity',
          detail: `must be at most ${IDENTITY_MAX_BYTES} bytes long as JSON; merged it is ${bytes}`,
        },
      ]);
    }
    return { ...given, aieos_identity: merged };
  };
}
