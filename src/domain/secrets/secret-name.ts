/** What a secret may be called, as a pattern that JSON Schema and JavaScript both read. */
export const SECRET_NAME = '^[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,126}[A-Za-z0-9])?$';
export const SECRET_NAME_LENGTH = 128;
export const SECRET_NAME_RULE =
  'must be the name of a secret: letters, digits, dots, slashes, dashes and underscores, the first and last a letter or digit';
