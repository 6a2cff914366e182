/** `host`, `host:port`, or an address in brackets. */
const HOST =
  '(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\\[[0-9a-f:]+\\])(?::[0-9]{1,5})?';
/** Begins and ends with a letter or digit, so that it is never `.` or `..`. */
const PART = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const TAG = '\\w[\\w.-]{0,127}';
const DIGEST = 'sha256:[0-9a-f]{64}';

/**
 * What may stand for an image: a name with or without tag and digest, or an image's id. An engine's address is made of it,
 * so nothing else gets there: `a/../../b` would be another of the engine's calls.
 * Grammar: https://github.com/distribution/reference.
 */
export const IMAGE_REFERENCE = `^(?=.{1,255}$)(?:${DIGEST}|(?:${HOST}/)?${PART}(?:/${PART})*(?::${TAG})?(?:@${DIGEST})?)$`;
export const IMAGE_REFERENCE_RULE = 'must be an image reference';

const REFERENCE = new RegExp(IMAGE_REFERENCE);

export const isImageReference = (value: string): boolean => REFERENCE.test(value);

/** An image reference, taken apart. */
export interface ImageName {
  /** The host that has it, with its port. */
  readonly registry: string;
  /** Registry and path, the same however the name was abbreviated: what a registry's digest belongs to. */
  readonly repository: string;
  /** As written, without tag and digest. */
  readonly name: string;
  /** null: it names none. */
  readonly digest: string | null;
}

const DEFAULT_REGISTRY = 'docker.io';
/** Before there was the other name. */
const OLD_DEFAULT_REGISTRY = 'index.docker.io';

/** null for what names no repository: the id of an image, and what is no reference. */
export function imageNameOf(reference: string): ImageName | null {
  if (!isImageReference(reference) || /^(?:sha256:)?[0-9a-f]{64}$/.test(reference)) return null;
  const [tagged = '', digest = null] = reference.split('@');
  const name = tagged.replace(/:[^/:]*$/, '');
  const [first = '', ...rest] = name.split('/');
  const isHost = rest.length > 0 && (/[.:A-Z]/.test(first) || first === 'localhost');
  const registry = !isHost || first === OLD_DEFAULT_REGISTRY ? DEFAULT_REGISTRY : first;
  const path = isHost ? rest.join('/') : name;
  const isOfficial = registry === DEFAULT_REGISTRY && !path.includes('/');
  return { registry, repository: `${registry}/${isOfficial ? 'library/' : ''}${path}`, name, digest };
}

/** The same image by its digest, whatever its tag means by then; null when it cannot be named so. */
export function byDigest(reference: string, digest: string): string | null {
  const named = imageNameOf(reference);
  const pinned = `${named?.name ?? ''}@${digest}`;
  return isImageReference(pinned) ? pinned : null;
}
