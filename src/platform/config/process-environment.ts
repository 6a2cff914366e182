import { existsSync } from 'node:fs';
import type { Environment } from './read-settings.js';
import type { Variable } from './variable.js';
import { VARIABLES } from './variables.js';

/** The environment this process was started with; without the secrets, once they were taken out of it. */
export const processEnvironment = (): Environment => process.env;

/**
 * The environment this process was started with. Its secrets are taken out: what libraries start on their own account
 * (a watchdog beside a mongod, a credential helper) inherits what is left.
 */
export function takeEnvironment(): Environment {
  const all = { ...process.env };
  for (const [name, variable] of Object.entries<Variable<unknown>>(VARIABLES)) {
    if (variable.secret === true) Reflect.deleteProperty(process.env, name);
  }
  return all;
}

/** Adds what the file .env of the working folder says, if there is one. What is set already stays. */
export function readEnvFile(): void {
  if (existsSync('.env')) process.loadEnvFile('.env');
}
