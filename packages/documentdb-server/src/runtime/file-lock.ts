import { spawn, type ChildProcess } from 'node:child_process';
import { RuntimeUnavailableError } from '../errors.js';

const BUSY_EXIT_CODE = 75;

/**
 * An exclusive kernel lock on a file, held by a small child process (flock) for as long as this process lives.
 * The kernel drops it when the holder ends, and the holder ends when its stdin closes, so a lock never outlives a crash.
 */
export class FileLock {
  private constructor(private readonly holder: ChildProcess) {}

  /** Takes the lock, waiting up to `waitSeconds` for it; gives undefined when somebody else keeps it that long. */
  static async acquire(path: string, waitSeconds: number): Promise<FileLock | undefined> {
    const holder = spawn(
      'flock',
      [
        '--exclusive',
        '--timeout',
        String(waitSeconds),
        '--conflict-exit-code',
        String(BUSY_EXIT_CODE),
        '--no-fork',
        path,
        'sh',
        '-c',
        'echo held; exec cat',
      ],
      // its own process group: a Ctrl-C in the terminal must not drop the lock while the database still runs
      { stdio: ['pipe', 'pipe', 'pipe'], detached: true },
    );
    let output = '';
    holder.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    return new Promise((resolve, reject) => {
      holder.stdout.once('data', () => {
        resolve(new FileLock(holder));
      });
      holder.once('error', (error) => {
        reject(
          new RuntimeUnavailableError(
            'tool-missing',
            `The program flock (package util-linux) could not be started: ${error.message}.`,
          ),
        );
      });
      holder.once('close', (code) => {
        if (code === BUSY_EXIT_CODE) resolve(undefined);
        else reject(new RuntimeUnavailableError('tool-missing', `flock could not lock ${path}: ${output.trim()}.`));
      });
    });
  }

  async release(): Promise<void> {
    if (this.holder.exitCode !== null || this.holder.signalCode !== null) return;
    await new Promise<void>((resolve) => {
      this.holder.once('close', () => {
        resolve();
      });
      this.holder.stdin?.end();
    });
  }
}
