import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * @typedef {object} RunResult
 * @property {number} code the exit code; 127 when the program is not there, 124 when its time was up
 * @property {string} stdout
 * @property {string} stderr
 */

/** What runs now. @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();

/**
 * Ends what run() started, and waits for it: npm goes on for a while after a signal, and would get in the way of the next.
 *
 * @param {number} [graceMs] how long it may take before it is killed
 * @returns {Promise<void>}
 */
export async function endRunning(graceMs = 5_000) {
  const ended = [...running].map((child) => {
    child.kill('SIGTERM');
    return once(child, 'close');
  });
  await Promise.race([Promise.all(ended), sleep(graceMs, undefined, { ref: false })]);
  await Promise.all(
    [...running].map((child) => {
      child.kill('SIGKILL');
      return once(child, 'close');
    }),
  );
}

/**
 * Runs a program to its end and collects what it says. Never throws: a program that is not there is exit code 127.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: Record<string, string>, timeoutMs?: number, onLine?: (line: string) => void, onSpawned?: (pid: number) => void }} [options]
 *   `env` is added to this process's own environment; `onLine` sees each line of stdout as it comes
 * @returns {Promise<RunResult>}
 */
export function run(command, args, { cwd, env = {}, timeoutMs = 0, onLine, onSpawned } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
      // npm is a .cmd file there
      shell: process.platform === 'win32',
    });
    running.add(child);
    if (onSpawned && child.pid) onSpawned(child.pid);
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
      stdout += text;
      if (onLine) for (const line of text.split('\n')) if (line.trim()) onLine(line.trim());
    });
    child.stderr.setEncoding('utf8').on('data', (/** @type {string} */ text) => (stderr += text));
    child.once('error', (error) => {
      running.delete(child);
      resolve({ code: 127, stdout, stderr: `${stderr}${error.message}\n` });
    });
    child.once('close', (code, signal) => {
      running.delete(child);
      resolve({ code: code ?? (signal === 'SIGTERM' ? 124 : 1), stdout, stderr });
    });
  });
}

/**
 * @param {RunResult} result
 * @returns {string} its last line of complaint, for a one-line reason
 */
export function lastWords(result) {
  const lines = `${result.stdout}\n${result.stderr}`.split('\n').filter((line) => line.trim() !== '');
  return lines.at(-1)?.trim() ?? `exit code ${result.code}`;
}
