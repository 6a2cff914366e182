import { Controller, Get, Inject, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { DomainError } from '../../domain/errors/domain-error.js';
import { PROBLEMS } from '../../domain/errors/problem-catalogue.js';
import type { ReadinessCheck } from '../../domain/health/readiness-check.js';
import { Draining } from './draining.js';
import { HealthDto, ReadinessDto, type CheckDto } from './readiness.dto.js';
import { Public } from './requires.decorator.js';

/** Token of the ReadinessChecks that /readyz asks. */
export const READINESS_CHECKS = Symbol('ReadinessChecks');

/** Whether this process lives, and whether it can serve. */
@ApiTags('health')
@Controller()
export class HealthController {
  constructor(
    @Inject(READINESS_CHECKS) private readonly checks: readonly ReadinessCheck[],
    private readonly draining: Draining,
  ) {}

  @Get('healthz')
  @Public()
  @ApiOperation({ summary: 'Does the process live' })
  @ApiOkResponse({ type: HealthDto })
  live(): HealthDto {
    return { status: 'ok' };
  }

  @Get('readyz')
  @Public()
  @ApiOperation({ summary: 'Can the database and the container runtime be used' })
  @ApiOkResponse({ type: ReadinessDto })
  @ApiServiceUnavailableResponse({ type: ReadinessDto })
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<ReadinessDto> {
    const checks = await Promise.all(this.checks.map(ask));
    const usable = checks.every(({ status }) => status === 'ok') && !this.draining.signal.aborted;
    reply.status(usable ? 200 : 503);
    return { status: usable ? 'ok' : 'unavailable', checks };
  }
}

async function ask(check: ReadinessCheck): Promise<CheckDto> {
  try {
    return { name: check.name, status: 'ok', detail: await check.check() };
  } catch (error) {
    // An error's own text may hold addresses and paths, and anybody may read this.
    const code = error instanceof DomainError ? error.code : 'INTERNAL';
    return { name: check.name, status: 'unavailable', detail: `${code}: ${PROBLEMS[code].title}` };
  }
}
