import type { InstallationId } from './ids.js';

/** This database's identity: made at random once, at the first start. */
export abstract class Installations {
  /** Reads it, or makes it; two processes that ask at once get the same. */
  abstract current(): Promise<InstallationId>;
}
