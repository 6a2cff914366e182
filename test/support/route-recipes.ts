/** What a tenant has. */
export interface Estate {
  readonly tenantId: string;
  readonly key: string;
  readonly apiKeyId: string;
  readonly templateId: string;
  readonly projectId: string;
  readonly agentId: string;
  readonly runId: string;
  readonly snapshotId: string;
  /** What its secret is called, of the project and of the tenant alike; nobody else has one of that name. */
  readonly secretName: string;
}

/** What is tried with a route. */
export type Recipe =
  /** It needs no key and shows nothing of anybody. */
  | { readonly kind: 'public' }
  /** Its path names a document; the body is one that the owner could send. */
  | {
      readonly kind: 'document';
      readonly body?: (own: Estate) => object;
      /** What its query has to say. */
      readonly query?: string;
      /** The content type of the bytes it takes. */
      readonly bytes?: string;
      /** With what it is refused to its own tenant: nobody has a running agent here, nor a container engine. */
      readonly refusal?: 'AGENT_NOT_RUNNING' | 'RUNTIME_UNSUPPORTED' | 'NOT_FOUND';
    }
  /** It lists what the caller's tenant has. */
  | { readonly kind: 'list' }
  /** It shows what has happened in the caller's tenant: never empty. */
  | { readonly kind: 'log' }
  /** The same, as an answer without an end. */
  | { readonly kind: 'stream' }
  /** It makes something that names nothing else: for the caller's tenant, whatever names others use. */
  | { readonly kind: 'create'; readonly body: object }
  /** It makes something out of what the body names. */
  | {
      readonly kind: 'reference';
      readonly body: (theirs: Estate) => object;
      /** With what it is refused. @default TEMPLATES_UNKNOWN */
      readonly code?: 'VALIDATION_FAILED';
      /** What of the body is refused. */
      readonly pointers: readonly string[];
    }
  /** Only for the installation's first tenant. */
  | { readonly kind: 'installation'; readonly body?: object }
  /** It shows the caller, or what the caller's tenant may have. */
  | { readonly kind: 'self' };

const AGENT = '/api/v1/projects/:projectId/agents/:id';
export const SHARED_NAME = 'same-name';

/** For every route there is; one without a recipe fails the first test. */
export const RECIPES: Record<string, Recipe> = {
  'GET /healthz': { kind: 'public' },
  'GET /readyz': { kind: 'public' },
  'GET /metrics': { kind: 'installation' },
  'GET /problems/:code': { kind: 'public' },
  'GET /api/v1/audit/events': { kind: 'log' },
  'GET /api/v1/events': { kind: 'stream' },
  'GET /api/v1/schemas/manifest.json': { kind: 'public' },
  'POST /api/v1/tenants': { kind: 'installation', body: { name: 'a-third' } },
  'GET /api/v1/tenants/:id/quota': { kind: 'installation' },
  'PUT /api/v1/tenants/:id/quota': { kind: 'installation', body: { runs: 1 } },
  'GET /api/v1/quota': { kind: 'self' },
  'GET /api/v1/projects/:projectId/quota': { kind: 'document' },
  'PUT /api/v1/projects/:projectId/quota': { kind: 'document', body: () => ({ runs: 1 }) },
  'POST /api/v1/api-keys': { kind: 'create', body: { name: 'another', role: 'viewer' } },
  'GET /api/v1/api-keys': { kind: 'list' },
  'GET /api/v1/api-keys/me': { kind: 'self' },
  'GET /api/v1/api-keys/:id': { kind: 'document' },
  'DELETE /api/v1/api-keys/:id': { kind: 'document' },
  'POST /api/v1/templates': { kind: 'create', body: { name: SHARED_NAME, role: 'developer' } },
  'POST /api/v1/templates/import': {
    kind: 'create',
    body: {
      apiVersion: 'daemon/v1',
      kind: 'Agent',
      metadata: { name: `${SHARED_NAME}-file` },
      spec: { system_prompt: 'Mine.' },
    },
  },
  'GET /api/v1/templates': { kind: 'list' },
  'GET /api/v1/templates/:id': { kind: 'document' },
  'PUT /api/v1/templates/:id': { kind: 'document', body: () => ({ role: 'developer', soul: 'Mine now.' }) },
  'PATCH /api/v1/templates/:id': { kind: 'document', body: () => ({ soul: 'Mine now.' }) },
  'DELETE /api/v1/templates/:id': { kind: 'document' },
  'GET /api/v1/templates/:id/export': { kind: 'document' },
  'GET /api/v1/templates/:id/versions': { kind: 'document' },
  'GET /api/v1/templates/:id/versions/:version': { kind: 'document' },
  'GET /api/v1/agent/templates': { kind: 'list' },
  'POST /api/v1/agent/templates': { kind: 'create', body: { name: `${SHARED_NAME}-agent`, role: 'developer' } },
  'POST /api/v1/agent/spawn': {
    kind: 'reference',
    body: ({ templateId, projectId }) => ({
      agent_config: { name: 'Borrowed', profile: 'personal', template: templateId, project: projectId },
    }),
    code: 'VALIDATION_FAILED',
    pointers: ['/agent_config/template', '/agent_config/project'],
  },
  'GET /api/v1/agent/:id/status': { kind: 'document' },
  'POST /api/v1/agent/:id/action': { kind: 'document', body: () => ({ action: 'stop' }) },
  'POST /api/v1/agent/:id/sandbox/run': {
    kind: 'document',
    refusal: 'AGENT_NOT_RUNNING',
    body: () => ({ input: 'Whose are you?' }),
  },
  'POST /api/v1/projects': {
    kind: 'reference',
    body: ({ templateId }) => ({ name: 'Borrowed', roleAssignments: [{ role: 'developer', templateId }] }),
    pointers: ['/roleAssignments/0/templateId'],
  },
  'GET /api/v1/projects': { kind: 'list' },
  'GET /api/v1/projects/:id': { kind: 'document' },
  'PATCH /api/v1/projects/:id': { kind: 'document', body: () => ({ name: 'Mine now' }) },
  'DELETE /api/v1/projects/:id': { kind: 'document' },
  'POST /api/v1/projects/:id/role-assignments': {
    kind: 'document',
    body: ({ templateId }) => ({ role: 'tester', templateId }),
  },
  'GET /api/v1/projects/:projectId/secrets': { kind: 'document' },
  'GET /api/v1/projects/:projectId/secrets/:name': { kind: 'document' },
  'PUT /api/v1/projects/:projectId/secrets/:name': { kind: 'document', body: () => ({ value: 'Mine now.' }) },
  'DELETE /api/v1/projects/:projectId/secrets/:name': { kind: 'document' },
  'GET /api/v1/secrets': { kind: 'list' },
  'GET /api/v1/secrets/:name': { kind: 'document' },
  // Whatever names others use: see the tests of secrets.
  'PUT /api/v1/secrets/:name': { kind: 'self' },
  'DELETE /api/v1/secrets/:name': { kind: 'document' },
  'GET /api/v1/projects/:projectId/agents': { kind: 'document' },
  [`GET ${AGENT}`]: { kind: 'document' },
  [`PATCH ${AGENT}`]: { kind: 'document', body: () => ({ soul: 'Mine now.' }) },
  [`DELETE ${AGENT}`]: { kind: 'document' },
  [`GET ${AGENT}/revisions`]: { kind: 'document' },
  [`GET ${AGENT}/revisions/:revision`]: { kind: 'document' },
  [`POST ${AGENT}/revisions/:revision/restore`]: { kind: 'document' },
  [`POST ${AGENT}/actions`]: { kind: 'document', body: () => ({ action: 'stop' }) },
  [`POST ${AGENT}/renew`]: { kind: 'document', body: () => ({ ttlSeconds: 3600 }) },
  [`GET ${AGENT}/lifecycle`]: { kind: 'document' },
  [`GET ${AGENT}/logs`]: { kind: 'document' },
  [`GET ${AGENT}/stats`]: { kind: 'document', refusal: 'RUNTIME_UNSUPPORTED' },
  [`GET ${AGENT}/files`]: { kind: 'document', refusal: 'AGENT_NOT_RUNNING' },
  [`DELETE ${AGENT}/files`]: { kind: 'document', refusal: 'AGENT_NOT_RUNNING', query: 'path=/workspace/theirs' },
  [`POST ${AGENT}/files/folders`]: {
    kind: 'document',
    refusal: 'AGENT_NOT_RUNNING',
    body: () => ({ path: '/workspace/mine' }),
  },
  [`GET ${AGENT}/files/watch`]: { kind: 'document', refusal: 'AGENT_NOT_RUNNING' },
  [`GET ${AGENT}/files/content`]: { kind: 'document', refusal: 'AGENT_NOT_RUNNING', query: 'path=/workspace/theirs' },
  [`PUT ${AGENT}/files/content`]: {
    kind: 'document',
    refusal: 'AGENT_NOT_RUNNING',
    query: 'path=/workspace/theirs',
    bytes: 'application/octet-stream',
  },
  [`GET ${AGENT}/files/archive`]: { kind: 'document', refusal: 'AGENT_NOT_RUNNING' },
  [`PUT ${AGENT}/files/archive`]: { kind: 'document', refusal: 'AGENT_NOT_RUNNING', bytes: 'application/x-tar' },
  [`POST ${AGENT}/snapshots`]: { kind: 'document', body: () => ({ target: 'archive' }) },
  [`GET ${AGENT}/snapshots`]: { kind: 'document' },
  [`GET ${AGENT}/snapshots/:snapshotId`]: { kind: 'document' },
  [`DELETE ${AGENT}/snapshots/:snapshotId`]: { kind: 'document' },
  [`GET ${AGENT}/snapshots/:snapshotId/archive`]: { kind: 'document' },
  [`POST ${AGENT}/snapshots/:snapshotId/restore`]: { kind: 'document', body: () => ({ reason: 'Mine now' }) },
  [`POST ${AGENT}/snapshots/:snapshotId/fork`]: {
    kind: 'document',
    body: () => ({ displayName: 'Mine now', reason: 'Mine now' }),
  },
  [`POST ${AGENT}/terminals`]: {
    kind: 'document',
    refusal: 'RUNTIME_UNSUPPORTED',
    body: () => ({ cols: 80, rows: 24 }),
  },
  [`GET ${AGENT}/terminals`]: { kind: 'document' },
  // Nobody has a terminal here, where there is no container engine: to its own tenant too it is not there.
  [`GET ${AGENT}/terminals/:terminalId`]: { kind: 'document', refusal: 'NOT_FOUND' },
  [`DELETE ${AGENT}/terminals/:terminalId`]: { kind: 'document', refusal: 'NOT_FOUND' },
  [`POST ${AGENT}/mcp`]: {
    kind: 'document',
    refusal: 'RUNTIME_UNSUPPORTED',
    body: () => ({ jsonrpc: '2.0', id: 1, method: 'initialize', params: {} }),
  },
  [`GET ${AGENT}/mcp`]: { kind: 'document', refusal: 'RUNTIME_UNSUPPORTED' },
  [`DELETE ${AGENT}/mcp`]: { kind: 'document', refusal: 'RUNTIME_UNSUPPORTED' },
  [`GET ${AGENT}/mcp/sessions`]: { kind: 'document' },
  [`POST ${AGENT}/runs`]: {
    kind: 'document',
    refusal: 'AGENT_NOT_RUNNING',
    body: () => ({ type: 'prompt', input: 'Whose are you?' }),
  },
  [`GET ${AGENT}/runs`]: { kind: 'document' },
  [`GET ${AGENT}/runs/:runId`]: { kind: 'document' },
  [`POST ${AGENT}/runs/:runId/cancel`]: { kind: 'document' },
  [`GET ${AGENT}/runs/:runId/stream`]: { kind: 'document' },
};
