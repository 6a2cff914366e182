import type { IncomingMessage } from 'node:http';
import { AgentError } from '../errors.js';
import type { Answer } from '../serving/answer.js';
import { toFileError } from './file-error.js';
import { FileQuery } from './file-query.js';
import { listFiles } from './list-files.js';
import { makeFolder } from './make-folder.js';
import { readFile } from './read-file.js';
import { removeFile } from './remove-file.js';
import { clearStaging } from './staging.js';
import { watchFiles } from './watch-files.js';
import { Workspace } from './workspace.js';
import { writeFile } from './write-file.js';

type Route = (
  workspace: Workspace,
  query: FileQuery,
  request: IncomingMessage,
  signal: AbortSignal,
) => Promise<Answer> | Answer;

const ROUTES = new Map<string, Route>([
  ['GET /v1/files', list],
  ['DELETE /v1/files', remove],
  ['POST /v1/files/folders', makeFolderAt],
  ['GET /v1/files/content', read],
  ['PUT /v1/files/content', write],
  ['GET /v1/files/archive', pack],
  ['PUT /v1/files/archive', unpack],
  ['GET /v1/files/watch', watch],
]);

/** What a killed predecessor left of its uploads goes before the first call, so that it costs no start. */
let cleared: Promise<void> | undefined;

export async function routeFiles(root: string, request: IncomingMessage, signal: AbortSignal): Promise<Answer> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://agent');
  const route = ROUTES.get(`${request.method ?? ''} ${pathname}`);
  if (route === undefined) {
    throw new AgentError('ROUTE_NOT_FOUND', `There is no such route. Known: ${[...ROUTES.keys()].join(', ')}.`);
  }
  if (process.platform !== 'linux') throw new AgentError('UNSUPPORTED', 'Files are served on Linux alone.');
  const workspace = new Workspace(root);
  try {
    cleared ??= clearStaging(workspace).catch((error: unknown) => {
      cleared = undefined;
      throw error;
    });
    await cleared;
    return await route(workspace, new FileQuery(searchParams), request, signal);
  } catch (error) {
    throw toFileError(error);
  } finally {
    // Whoever still sends is not answered by a broken connection: it would not read why.
    if (!request.complete) request.resume();
  }
}

async function list(workspace: Workspace, query: FileQuery): Promise<Answer> {
  const request = {
    path: query.path,
    recursive: query.flag('recursive'),
    limit: query.number('limit'),
    after: query.text('after'),
  };
  return { status: 200, body: JSON.stringify(await listFiles(workspace, request)) };
}

async function remove(workspace: Workspace, query: FileQuery): Promise<Answer> {
  await removeFile(workspace, { path: query.path, recursive: query.flag('recursive') });
  return { status: 204 };
}

async function makeFolderAt(workspace: Workspace, query: FileQuery): Promise<Answer> {
  return { status: (await makeFolder(workspace, query.path)) ? 201 : 200 };
}

async function read(workspace: Workspace, query: FileQuery, request: IncomingMessage): Promise<Answer> {
  const asked = { path: query.path, maxBytes: query.number('maxBytes'), range: request.headers.range };
  const { etag, size, range, bytes } = await readFile(workspace, asked);
  const headers = { etag: `"${etag}"`, 'content-length': range === null ? size : range.last - range.first + 1 };
  if (range === null) return { status: 200, headers, stream: bytes };
  const part = { 'content-range': `bytes ${range.first}-${range.last}/${size}` };
  return { status: 206, headers: { ...headers, ...part }, stream: bytes };
}

async function write(workspace: Workspace, query: FileQuery, request: IncomingMessage): Promise<Answer> {
  const asked = {
    path: query.path,
    maxBytes: query.number('maxBytes'),
    ifMatch: request.headers['if-match']?.replaceAll('"', ''),
    ifNoneMatch: request.headers['if-none-match'] === '*',
  };
  const { entry, created } = await writeFile(workspace, asked, request.iterator({ destroyOnReturn: false }));
  return { status: created ? 201 : 200, body: JSON.stringify(entry) };
}

async function pack(workspace: Workspace, query: FileQuery): Promise<Answer> {
  const { packArchive } = await import('./pack-archive.js');
  const stream = await packArchive(workspace, {
    path: query.path,
    complete: query.flag('complete'),
    ...query.limits,
  });
  return { status: 200, stream };
}

async function unpack(workspace: Workspace, query: FileQuery, request: IncomingMessage): Promise<Answer> {
  const { unpackArchive } = await import('./unpack-archive.js');
  const asked = { path: query.path, gzip: query.flag('gzip'), ...query.limits };
  return { status: 200, body: JSON.stringify(await unpackArchive(workspace, asked, request)) };
}

async function watch(
  workspace: Workspace,
  query: FileQuery,
  _request: IncomingMessage,
  signal: AbortSignal,
): Promise<Answer> {
  return { status: 200, stream: await watchFiles(workspace, query.path, signal) };
}
