/** A problem that the API answered with (RFC 9457), as an error. */
export class ApiProblem extends Error {
  /** @param {number} status @param {Record<string, unknown>} problem */
  constructor(status, problem) {
    const faults = (problem.errors ?? []).map(({ pointer, detail }) => `\n  ${pointer}: ${detail}`).join('');
    super(`${status} ${problem.code ?? ''} ${problem.detail ?? problem.title ?? ''}${faults}`);
    this.name = 'ApiProblem';
    this.status = status;
    this.code = problem.code;
  }
}

/**
 * @param {string} url the address Muster listens on
 * @param {string} key an API key
 */
export function apiClient(url, key) {
  /**
   * @param {string} method
   * @param {string} path below /api/v1
   * @param {{ json?: unknown, yaml?: string, headers?: Record<string, string> }} [request]
   * @returns {Promise<any>} the answer's body; undefined for 204
   * @throws {ApiProblem}
   */
  return async (method, path, { json, yaml, headers = {} } = {}) => {
    const body = yaml ?? (json === undefined ? undefined : JSON.stringify(json));
    const type = yaml === undefined ? 'application/json' : 'application/yaml';
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': type }), ...headers },
      body,
    });
    const text = await response.text();
    const answer = text === '' ? undefined : JSON.parse(text);
    if (!response.ok) throw new ApiProblem(response.status, answer ?? {});
    return answer;
  };
}
