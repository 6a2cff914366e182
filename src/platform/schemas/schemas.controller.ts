import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { JsonObject } from '../../domain/json.js';
import { MANIFEST_SCHEMA } from '../../domain/templates/manifest-schema.js';
import { Public } from '../http/requires.decorator.js';

/** The JSON Schemas that Muster itself checks by, for editors and for who writes files. */
@ApiTags('schemas')
@Controller('schemas')
export class SchemasController {
  @Get('manifest.json')
  @Public()
  @Header('content-type', 'application/schema+json; charset=utf-8')
  @Header('cache-control', 'public, max-age=3600')
  @ApiOperation({ summary: 'What a manifest may say (JSON Schema 2020-12)' })
  @ApiOkResponse({
    content: { 'application/schema+json': { schema: { type: 'object', example: { title: 'Manifest' } } } },
  })
  manifest(): JsonObject {
    return MANIFEST_SCHEMA;
  }
}
