import type { Manifest } from './manifest.js';

/** Where an agent finds the values of its secrets, each in a file named as its variable: in memory, never on a disk. */
export const SECRETS_FOLDER = '/run/secrets';

/** The variable that tells a program where the file is, as many images know it. */
export const fileVariable = (variable: string): string => `${variable}_FILE`;

/** A variable of a manifest whose value is a secret's. */
export interface SecretReference {
  /** The variable: what the file is called. */
  readonly variable: string;
  /** The secret's name. */
  readonly secret: string;
}

export type SecretWish = SecretReference & { readonly required: boolean };

/**
 * Which secrets a manifest names. One is required unless the manifest says otherwise. A variable that is required and has no value
 * is the secret of its own name.
 */
export const secretsOf = ({ env = [] }: Pick<Manifest, 'env'>): readonly SecretWish[] =>
  env.flatMap(({ name, value, secret, required = secret !== undefined }) => {
    const named = secret ?? (required && value === undefined ? name : undefined);
    return named === undefined ? [] : [{ variable: name, secret: named, required }];
  });
