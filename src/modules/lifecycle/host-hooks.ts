import { Injectable } from '@nestjs/common';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { DomainError } from '../../domain/errors/domain-error.js';
import type { Manifest } from '../../domain/templates/manifest.js';
import { childEnvironment } from '../../platform/config/child-environment.js';
import { Configuration } from '../../platform/config/configuration.js';
import { HookOutput } from './hook-output.js';

const HOST_HOOKS = ['hosthook_aftercreation', 'hosthook_postinstall'] as const;

export interface HostHookLimits {
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

/** Commands of manifests on Muster's own host: those alone that the operator allow-listed, to the letter. */
@Injectable()
export class HostHooks {
  constructor(private readonly configuration: Configuration) {}

  /** @throws DomainError HOST_ACCESS_REFUSED */
  assertAllowed({ hooks = {} }: Manifest): void {
    for (const hook of HOST_HOOKS) {
      const command = hooks[hook];
      if (command !== undefined && !this.configuration.hostHooks.includes(command)) throw refused(hook);
    }
  }

  /** @returns null when it did not end in time, or the signal came first: it and all it started are ended then */
  async run(
    command: string,
    about: Readonly<Record<string, string>>,
    { limitMs, signal }: HostHookLimits,
  ): Promise<{ readonly exitCode: number | null; readonly output: string } | null> {
    if (!this.configuration.hostHooks.includes(command)) throw refused('hosthook');
    const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
    const child = spawn('/bin/sh', ['-c', `exec 2>&1; ${command}`], {
      cwd: '/',
      env: { ...childEnvironment(), ...about },
      stdio: ['ignore', 'pipe', 'ignore'],
      // A process group of its own, to be ended as a whole.
      detached: true,
    });
    const output = new HookOutput();
    createInterface({ input: child.stdout }).on('line', (line) => {
      output.add(line);
    });
    const end = (): void => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    };
    limit.addEventListener('abort', end, { once: true });
    if (limit.aborted) end();
    try {
      const [exitCode] = (await once(child, 'close')) as [number | null];
      return limit.aborted ? null : { exitCode, output: output.text };
    } finally {
      limit.removeEventListener('abort', end);
    }
  }
}

const refused = (hook: string): DomainError =>
  new DomainError('HOST_ACCESS_REFUSED', `The command of ${hook} does not stand in HOST_HOOKS, to the letter.`, {
    details: { hook },
  });
