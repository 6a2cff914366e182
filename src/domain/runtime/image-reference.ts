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
