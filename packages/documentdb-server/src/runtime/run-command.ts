import { spawn } from 'node:child_process';
import { CommandFailedError } from '../errors.js';

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/**
 * Runs a program to its end and gives what it wrote to stdout.
 * @throws CommandFailedError when it cannot be started or does not end with 0
 */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, LC_ALL: 'C', ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.on('error', (error: NodeJS.ErrnoException) => {
      reject(new CommandFailedError(command, error.code ?? null, error.message));
    });
    child.on('close', (code, signal) => {
      const output = Buffer.concat(stdout).toString();
      if (code === 0) resolve(output);
      else reject(new CommandFailedError(command, code ?? signal, `${output}${Buffer.concat(stderr).toString()}`));
    });
  });
}
