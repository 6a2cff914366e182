import { Injectable, Logger } from '@nestjs/common';
import { DomainError } from '../../../domain/errors/domain-error.js';
import type { HookName } from '../../../domain/lifecycle/hooks.js';
import { CONTAINER_HOOKS, hookContainer } from '../../../domain/lifecycle/hooks.js';
import type { RuntimeSpec } from '../../../domain/runtime/runtime-spec.js';
import { HOOK_TIMEOUT_SECONDS } from '../../../domain/templates/manifest-bounds.js';
import { ContainerPlanner } from '../container-planner.js';
import { HookOutput, type HookEnd } from '../hook-output.js';
import { HostHooks } from '../host-hooks.js';
import { Engine } from '../reconciler/engine.js';
import type { ReplicaHold } from '../reconciler/replica-hold.js';
import { containerOf } from './container-of.js';
import { createAside } from './create-aside.js';
import { HookCompany, type OpenCompany } from './hook-company.js';

/** How often a container that wrote its last word is asked whether it has ended. */
const END_LOOK_EVERY_MS = 20;

/**
 * The manifest's hooks, between making a container and starting it. Those for the container run in containers of their
 * own, one after the other, which are made as the agent's is but can write what is the agent's own to keep: so what is
 * installed is mounted read-only where the agent runs.
 */
@Injectable()
export class HookSteps {
  private readonly logger = new Logger(HookSteps.name);

  constructor(
    private readonly engine: Engine,
    private readonly planner: ContainerPlanner,
    private readonly host: HostHooks,
    private readonly company: HookCompany,
  ) {}

  /**
   * Runs them all, in the seed's order.
   * @returns false when something else is wanted meanwhile
   * @throws DomainError DEPENDENCY_INSTALL_FAILED, when the agent's container is removed; HOST_ACCESS_REFUSED
   */
  async run(hold: ReplicaHold): Promise<boolean> {
    const { hooks } = hold.instance.manifest;
    // What they install is in folders that all replicas share, and is there since the first one's start.
    if (hooks === undefined || hold.replica > 0) return true;
    const limitMs = (hooks.timeoutSeconds ?? HOOK_TIMEOUT_SECONDS.fallback) * 1000;
    const signal = AbortSignal.any([hold.lost, hold.interrupted]);
    try {
      const env = await this.planner.environmentOf(hold.instance, hold.replica);
      const spec = { ...(await this.planner.plan(hold.instance, hold.replica)), env };
      const companion = await this.planner.hookCompanion(spec);
      await this.runOnHost(hold, 'hosthook_aftercreation', limitMs, signal);
      for (const hook of CONTAINER_HOOKS) {
        const command = hooks[hook];
        if (command === undefined) continue;
        const container = hookContainer(spec, hook, command, companion);
        judge(hook, await this.runInContainer(hold, container, limitMs, signal), limitMs);
      }
      await this.runOnHost(hold, 'hosthook_postinstall', limitMs, signal);
      return true;
    } catch (error) {
      hold.assertAlive();
      if (hold.interrupted.aborted) return false;
      if (error instanceof DomainError && error.code === 'DEPENDENCY_INSTALL_FAILED') await this.giveUp(hold, error);
      throw error;
    }
  }

  private async runOnHost(
    hold: ReplicaHold,
    hook: 'hosthook_aftercreation' | 'hosthook_postinstall',
    limitMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    const command = hold.instance.manifest.hooks?.[hook];
    if (command === undefined) return;
    const { id, identifier, lifecycle } = hold.instance;
    const about = {
      MUSTER_AGENT_ID: id,
      MUSTER_AGENT_NAME: identifier,
      MUSTER_CONTAINER_NAME: lifecycle.containerName ?? '',
    };
    judge(hook, await hold.wait(() => this.host.run(command, about, { limitMs, signal })), limitMs);
  }

  private async runInContainer(
    hold: ReplicaHold,
    spec: RuntimeSpec,
    limitMs: number,
    signal: AbortSignal,
  ): Promise<HookEnd> {
    const id = await createAside(this.engine, hold, spec);
    let company: OpenCompany | null = null;
    try {
      company = await this.company.open(hold, id, spec, signal);
      await this.engine.call(hold, 'Starting a hook', (runtime) => runtime.start(id));
      const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
      const ended = await hold.wait(() => this.follow(id, limit));
      if (ended.exitCode === 0) return ended;
      return { ...ended, output: await this.company.withoutSecrets(hold, spec, ended.output) };
    } finally {
      company?.close();
      await this.end(id, spec);
    }
  }

  /** Whatever became of the hook, and of the lease: it ends with its container. */
  private async end(id: string, spec: RuntimeSpec): Promise<void> {
    try {
      await this.engine.runtime.remove(id);
      await this.company.leave(spec);
    } catch (error) {
      this.logger.warn({ msg: "a hook's container could not be removed", container: spec.name, err: error });
    }
  }

  /** Its output until it ends, or the signal comes. */
  private async follow(id: string, signal: AbortSignal): Promise<HookEnd> {
    const output = new HookOutput();
    for await (const { text } of this.engine.runtime.logs(id, { follow: true, signal })) output.add(text);
    while (!signal.aborted) {
      const seen = await this.engine.runtime.inspect(id);
      if (seen === null) return { exitCode: null, output: output.text };
      if (seen.state !== 'running' && seen.state !== 'created') return { exitCode: seen.exitCode, output: output.text };
      await new Promise((resolve) => setTimeout(resolve, END_LOOK_EVERY_MS));
    }
    return { exitCode: null, output: output.text, endedFor: 'time' };
  }

  /** What could not be installed is not left behind half made. */
  private async giveUp(hold: ReplicaHold, error: DomainError): Promise<void> {
    this.logger.warn({ msg: 'a hook failed', agent: hold.instance.id, details: error.details, said: error.message });
    await this.engine.call(hold, 'Removing the container', (runtime) => runtime.remove(containerOf(hold)));
  }
}

/** @throws DomainError DEPENDENCY_INSTALL_FAILED */
function judge(hook: HookName, { exitCode, output, endedFor }: HookEnd, limitMs: number): void {
  if (exitCode === 0 && endedFor === undefined) return;
  const how = {
    time: `did not end within ${limitMs / 1000} s and was ended`,
    output: 'wrote without an end and was ended',
    itself: `ended with exit code ${exitCode ?? 'unknown'}`,
  }[endedFor ?? 'itself'];
  const said = output === '' ? '' : ` Its last output: ${output}`;
  throw new DomainError('DEPENDENCY_INSTALL_FAILED', `The hook ${hook} ${how}.${said}`, {
    details: { hook, exitCode },
  });
}
