import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** Thrown when the engine cannot be reached, answers with an error status, or reports an error within a stream. */
export class EngineError extends Error {
  /**
   * @param {string} message
   * @param {number} [status] the HTTP status, where there was one
   */
  constructor(message, status) {
    super(message);
    this.name = 'EngineError';
    this.status = status;
  }
}

/**
 * @typedef {object} EngineRequest
 * @property {string} [method] GET unless told
 * @property {NodeJS.ReadableStream | Buffer | object} [body] a stream or buffer is a tar archive, an object is sent as JSON
 * @property {number} [timeoutMs] how long the engine may stay silent before the call is given up; none unless told
 * @property {AbortSignal} [signal]
 */

/**
 * Calls the engine's HTTP interface.
 *
 * @param {string} host as in DOCKER_HOST: unix://, npipe:// or tcp://
 * @param {string} path
 * @param {EngineRequest} [request]
 * @returns {Promise<http.IncomingMessage>} the answer, its body unread
 * @throws {EngineError} when it cannot be reached or the status is 400 or more
 */
export async function callEngine(host, path, { method = 'GET', body, timeoutMs = 0, signal } = {}) {
  const target = address(host);
  const raw = Buffer.isBuffer(body) || isStream(body);
  const payload = body === undefined || raw ? body : Buffer.from(JSON.stringify(body));
  const response = await new Promise((resolve, reject) => {
    const request = target.client.request(
      {
        ...target.options,
        path,
        method,
        signal,
        headers: {
          host: 'engine',
          ...(body === undefined ? {} : { 'content-type': raw ? 'application/x-tar' : 'application/json' }),
          ...(Buffer.isBuffer(payload) ? { 'content-length': payload.length } : {}),
        },
      },
      resolve,
    );
    request.setTimeout(timeoutMs, () => request.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    request.once('error', (error) => reject(new EngineError(error.message)));
    if (isStream(payload)) {
      payload.once('error', (error) => request.destroy(error));
      payload.pipe(request);
    } else request.end(payload);
  });
  if (response.statusCode >= 400) throw new EngineError(await complaint(response), response.statusCode);
  return response;
}

/**
 * Calls the engine and reads the answer as JSON.
 *
 * @param {string} host
 * @param {string} path
 * @param {EngineRequest} [request]
 * @returns {Promise<any>} undefined when the body is empty
 */
export async function callEngineJson(host, path, request) {
  const body = await text(await callEngine(host, path, request));
  return body === '' ? undefined : JSON.parse(body);
}

/**
 * Calls the engine and reads its stream of progress messages (build, pull, import) to the end. A build that fails still
 * answers 200: the failure is one of the messages.
 *
 * @param {string} host
 * @param {string} path
 * @param {EngineRequest & { onMessage?: (message: any) => void }} [request]
 * @throws {EngineError} when a message is an error
 */
export async function callEngineStream(host, path, { onMessage, ...request } = {}) {
  const response = await callEngine(host, path, request);
  let rest = '';
  const take = (/** @type {string} */ line) => {
    if (line.trim() === '') return;
    const message = JSON.parse(line);
    if (message.error !== undefined) throw new EngineError(String(message.error).trim());
    onMessage?.(message);
  };
  try {
    for await (const chunk of response.setEncoding('utf8')) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      lines.forEach(take);
    }
    take(rest);
  } catch (error) {
    throw error instanceof EngineError ? error : new EngineError(/** @type {Error} */ (error).message);
  }
}

/** @param {string} host */
function address(host) {
  if (/^(unix|npipe):\/\//.test(host)) {
    return { client: http, options: { socketPath: host.replace(/^(unix|npipe):\/\//, '') } };
  }
  if (!/^(tcp|https?):\/\//.test(host)) throw new EngineError('only unix://, npipe:// and tcp:// are understood');
  const { hostname, port } = new URL(host.replace(/^tcp:/, 'http:'));
  const { DOCKER_TLS_VERIFY, DOCKER_CERT_PATH } = process.env;
  if (!DOCKER_TLS_VERIFY && !host.startsWith('https:'))
    return { client: http, options: { hostname, port: port || 2375 } };
  const pem = (/** @type {string} */ name) =>
    DOCKER_CERT_PATH ? readFileSync(join(DOCKER_CERT_PATH, name)) : undefined;
  const keys = { ca: pem('ca.pem'), cert: pem('cert.pem'), key: pem('key.pem') };
  return { client: https, options: { hostname, port: port || 2376, ...keys } };
}

/** @param {unknown} value @returns {value is NodeJS.ReadableStream} */
function isStream(value) {
  return typeof value === 'object' && value !== null && 'pipe' in value;
}

/** @param {http.IncomingMessage} response */
async function complaint(response) {
  const body = await text(response);
  try {
    const { message, cause } = JSON.parse(body);
    return message ?? cause ?? body;
  } catch {
    return body.trim() || `status ${response.statusCode}`;
  }
}
