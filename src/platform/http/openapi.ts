import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { MANIFEST_SCHEMA } from '../../domain/templates/manifest-schema.js';
import { IF_MATCH } from './if-match.decorator.js';
import { PROBLEM_MEDIA_TYPE } from './problem.js';
import { ProblemDto } from './problem.dto.js';
import { RouteTable } from './route-table.js';

const VERSION = '1';
const METHODS = ['get', 'put', 'post', 'delete', 'patch'] as const;
const CHANGES: readonly string[] = ['put', 'post', 'delete', 'patch'];

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;

/** The API's description, made from the code; the same text for the same code. */
export function buildOpenApi(app: INestApplication): OpenAPIObject {
  const options = new DocumentBuilder()
    .setTitle('Muster')
    .setDescription('Turns agent templates into isolated, audited, running teams of agents.')
    .setVersion(VERSION)
    .setLicense('MIT', 'https://spdx.org/licenses/MIT.html')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'An API key' }, 'api-key')
    .build();
  const document = SwaggerModule.createDocument(app, options, { extraModels: [ProblemDto] });
  addManifest(document);
  const access = new Map(
    app
      .get(RouteTable)
      .all()
      .map((route) => [key(route.method, route.url), route.access]),
  );
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of METHODS) {
      const operation = item[method];
      if (operation !== undefined) complete(operation, method, path, access.get(key(method, toPattern(path))));
    }
  }
  return sorted(document) as OpenAPIObject;
}

const MANIFEST_EXAMPLE = { image: 'muster/agent', resources: { cpus: 0.5, memoryMiB: 256 } };

/** The manifest's schema, without what only the top of a document of its own says. */
function addManifest({ components }: OpenAPIObject): void {
  const fields = Object.entries(MANIFEST_SCHEMA).filter(([keyword]) => keyword !== '$schema' && keyword !== 'title');
  if (components?.schemas !== undefined)
    components.schemas['Manifest'] = { ...Object.fromEntries(fields), example: MANIFEST_EXAMPLE };
}

/** Adds what follows from the HTTP layer and would be repeated at every route. */
function complete(operation: Operation, method: string, path: string, access: string | undefined): void {
  const withInput = operation.requestBody !== undefined || (operation.parameters ?? []).length > 0;
  if (access !== undefined && access !== 'public') {
    operation.security = [{ 'api-key': [] }];
    operation.description = [operation.description, `Needs the permission \`${access}\`.`].filter(Boolean).join('\n\n');
    problem(operation, 401, 'No API key, or one that is not valid');
    problem(operation, 403, 'The role of the key lacks the permission');
  }
  if (path.includes('{')) problem(operation, 404, 'There is no such thing for this tenant');
  if (withInput) problem(operation, 422, 'The request has faults, all of them listed in errors');
  if (operation.requestBody !== undefined) {
    problem(operation, 400, 'The body cannot be read');
    problem(operation, 413, 'The body is too long');
    problem(operation, 415, 'The content type is not understood here');
  }
  if (hasHeader(operation, IF_MATCH)) problem(operation, 412, 'It is not the one that If-Match names');
  if (CHANGES.includes(method)) {
    problem(operation, 409, 'Not in this state, or a request with this Idempotency-Key is still running');
    if (!takesStream(operation)) operation.parameters = [...(operation.parameters ?? []), IDEMPOTENCY_KEY];
  }
  if (access !== 'public') problem(operation, 503, 'The database or the runtime cannot be used now');
}

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'Repeating the request with the same key gives the first answer again, for 24 hours.',
  schema: { type: 'string', maxLength: 200 },
  example: 'a1b2c3d4-create-web-app',
} as const;

const takesStream = ({ requestBody }: Operation): boolean =>
  requestBody !== undefined && 'content' in requestBody && !('application/json' in requestBody.content);

const hasHeader = ({ parameters = [] }: Operation, name: string): boolean =>
  parameters.some((parameter) => 'name' in parameter && parameter.in === 'header' && parameter.name === name);

function problem(operation: Operation, status: number, description: string): void {
  operation.responses[String(status)] ??= {
    description,
    content: { [PROBLEM_MEDIA_TYPE]: { schema: { $ref: '#/components/schemas/ProblemDto' } } },
  };
}

const key = (method: string, url: string): string => `${method.toLowerCase()} ${url}`;
const toPattern = (path: string): string => path.replaceAll(/\{([^}]+)\}/g, ':$1');

/** Members in alphabetical order, so that the order in which modules load does not show. Lists keep theirs. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, member]) => [name, sorted(member)]),
  );
}
