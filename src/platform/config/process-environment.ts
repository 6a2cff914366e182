import { existsSync } from 'node:fs';
import type { Environment } from './read-settings.js';

/** The environment this process was started with. */
export const processEnvironment = (): Environment => process.env;

/** Adds what the file .env of the working folder says, if there is one. What is set already stays. */
export function readEnvFile(): void {
  if (existsSync('.env')) process.loadEnvFile('.env');
}
