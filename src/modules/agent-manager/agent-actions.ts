import { Injectable } from '@nestjs/common';
import { ValidationFailedError } from '../../domain/errors/validation-failed.error.js';
import { actorOf, type Principal } from '../../domain/identity/principal.js';
import type { InstancePath } from '../../domain/lifecycle/lifecycle-records.js';
import { AgentInstancesService } from '../agent-instances/agent-instances.service.js';
import { LifecycleService } from '../lifecycle/lifecycle.service.js';
import { shownStatus, type ShownStatus } from './agent-status.js';
import type { AgentActionDto } from './dto/agent-action.dto.js';

/** Has agents do what can be asked of them. */
@Injectable()
export class AgentActions {
  constructor(
    private readonly lifecycle: LifecycleService,
    private readonly instances: AgentInstancesService,
  ) {}

  /** @throws NotFoundError, and what LifecycleService.act throws */
  async act(
    path: InstancePath,
    { action, replicas, reason }: AgentActionDto,
    caller: Principal,
    waitMs: number,
  ): Promise<{ readonly reached: boolean; readonly status: ShownStatus }> {
    const actor = actorOf(caller);
    if (action === 'unregister') {
      const faults = [
        ...(replicas === undefined ? [] : [{ pointer: '/replicas', detail: 'belongs to the action scale alone' }]),
        ...(reason === undefined ? [] : [{ pointer: '/reason', detail: 'belongs to the actions of the lifecycle' }]),
      ];
      if (faults.length > 0) throw new ValidationFailedError(faults);
      const isGone = await this.instances.remove({ tenantId: path.tenantId, actor }, path.projectId, path.id);
      return { reached: isGone, status: isGone ? 'removed' : 'removing' };
    }
    const { reached, instance } = await this.lifecycle.act(path, action, actor, waitMs, replicas, reason);
    return { reached, status: shownStatus(instance.lifecycle) };
  }
}
