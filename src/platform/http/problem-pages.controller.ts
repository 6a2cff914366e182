import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Controller, Get, Header, Param } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { NotFoundError } from '../../domain/errors/not-found.error.js';
import { PROBLEMS } from '../../domain/errors/problem-catalogue.js';
import { Configuration } from '../config/configuration.js';
import { Public } from './requires.decorator.js';

/** The pages that `type` of a problem leads to. */
@ApiTags('problems')
@Controller('problems')
export class ProblemPagesController {
  constructor(private readonly configuration: Configuration) {}

  @Get(':code')
  @Public()
  @Header('content-type', 'text/markdown; charset=utf-8')
  @Header('cache-control', 'public, max-age=3600')
  @ApiOperation({ summary: 'What a problem code means, why it comes up, and what to do' })
  @ApiParam({ name: 'code', example: 'VALIDATION_FAILED' })
  @ApiOkResponse({ content: { 'text/markdown': { schema: { type: 'string' } } } })
  async page(@Param('code') code: string): Promise<string> {
    if (!Object.hasOwn(PROBLEMS, code)) throw new NotFoundError('problem', code.slice(0, 60));
    return readFile(join(this.configuration.problemPagesDir, `${code}.md`), 'utf8');
  }
}
