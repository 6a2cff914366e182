import type { Environment } from './read-settings.js';

/** The environment this process was started with. */
export const processEnvironment = (): Environment => process.env;
