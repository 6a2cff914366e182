import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { ENGINE_HOST } from './engine.js';

const MAKER = pathToFileURL(resolve('scripts/lib/postgres-image.mjs')).href;

/** The image of an ordinary PostgreSQL, made when it is not there yet. */
export async function postgresImage(): Promise<string> {
  const program = `const { ensurePostgresImage } = await import(process.argv[1]);
    process.stdout.write(await ensurePostgresImage({ host: process.argv[2] }));`;
  const args = ['--input-type=module', '-e', program, MAKER, ENGINE_HOST];
  return (await promisify(execFile)(process.execPath, args)).stdout;
}
