import { Injectable } from '@nestjs/common';
import { DomainError } from '../../domain/errors/domain-error.js';
import type { Manifest } from '../../domain/templates/manifest.js';
import { childEnvironment } from '../../platform/config/child-environment.js';
import { Configuration } from '../../platform/config/configuration.js';
import type { HookEnd } from './hook-output.js';
import { runHostCommand, type HostCommandLimits } from './host-command.js';

const HOST_HOOKS = ['hosthook_aftercreation', 'hosthook_postinstall'] as const;

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

  /**
   * Ends in any case: with its time, with its signal, with more output than anybody reads.
   * @throws DomainError HOST_ACCESS_REFUSED
   */
  async run(command: string, about: Readonly<Record<string, string>>, limits: HostCommandLimits): Promise<HookEnd> {
    if (!this.configuration.hostHooks.includes(command)) throw refused('hosthook');
    return runHostCommand(command, { ...childEnvironment(), ...about }, limits);
  }
}

const refused = (hook: string): DomainError =>
  new DomainError('HOST_ACCESS_REFUSED', `The command of ${hook} does not stand in HOST_HOOKS, to the letter.`, {
    details: { hook },
  });
