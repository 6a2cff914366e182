/** What sort of trouble it is; platform/http turns the kind into a status, a runtime adapter into a retry. */
export type ErrorKind =
  | 'malformed' // the request can't be read at all
  | 'invalid' // it can be read, and says something that can't be
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'conflict' // with the state that the thing is in
  | 'stale' // the caller's copy is older than the stored one
  | 'too-large'
  | 'unsupported-media'
  | 'range' // the part that was asked for is not there
  | 'unsupported' // this installation can't do that
  | 'limited' // the caller has as many of these as it may
  | 'unavailable' // try again later
  | 'timeout'
  | 'internal';

interface ProblemEntry {
  readonly kind: ErrorKind;
  readonly title: string;
}

/** Every problem Muster can answer with. Each has a page docs/problems/<code>.md; a test fails when one is missing. */
export const PROBLEMS = {
  // the request
  MALFORMED_REQUEST: { kind: 'malformed', title: 'The request cannot be read' },
  VALIDATION_FAILED: { kind: 'invalid', title: 'The request has faults' },
  BODY_TOO_LARGE: { kind: 'too-large', title: 'The body is too large' },
  UNSUPPORTED_MEDIA_TYPE: { kind: 'unsupported-media', title: 'The content type is not understood here' },
  ROUTE_NOT_FOUND: { kind: 'not-found', title: 'There is no such route' },
  IDEMPOTENCY_KEY_REUSED: { kind: 'invalid', title: 'The idempotency key was used for another request' },
  IDEMPOTENCY_IN_PROGRESS: { kind: 'conflict', title: 'A request with this idempotency key is still running' },
  // who
  UNAUTHENTICATED: { kind: 'unauthenticated', title: 'A valid API key is needed' },
  FORBIDDEN: { kind: 'forbidden', title: 'The key may not do that' },
  LAST_ADMIN_KEY: { kind: 'conflict', title: 'It is the last admin key' },
  QUOTA_EXCEEDED: { kind: 'limited', title: 'A quota does not leave as much' },
  // documents
  NOT_FOUND: { kind: 'not-found', title: 'There is no such thing' },
  NAME_TAKEN: { kind: 'conflict', title: 'The name is taken' },
  CONCURRENT_UPDATE: { kind: 'conflict', title: 'It changed in the meantime' },
  PRECONDITION_FAILED: { kind: 'stale', title: 'It is not as If-Match or If-None-Match says' },
  ARCHIVED: { kind: 'conflict', title: 'It is archived' },
  OUTBOX_FULL: { kind: 'unavailable', title: 'The event log is behind' },
  DATABASE_UNAVAILABLE: { kind: 'unavailable', title: 'The database does not answer' },
  // templates and projects
  TEMPLATE_FILE_INVALID: { kind: 'invalid', title: 'The template file has faults' },
  EXPORT_NOT_POSSIBLE: { kind: 'invalid', title: 'The template cannot be written in that format' },
  TEMPLATES_UNKNOWN: { kind: 'invalid', title: 'Some templates do not exist' },
  SIGNED_MANIFEST_INVALID: { kind: 'forbidden', title: 'No valid signed manifest allows that' },
  SIGNED_MANIFEST_USED: { kind: 'forbidden', title: 'The signed manifest was used before' },
  SNAPSHOTS_PENDING: { kind: 'unavailable', title: 'The agents are not created yet' },
  // lifecycle
  INVALID_TRANSITION: { kind: 'conflict', title: 'That is not possible in this state' },
  SUPERSEDED: { kind: 'conflict', title: 'A later request replaced this one' },
  MANIFEST_NOT_FOUND: { kind: 'invalid', title: 'The agent has no usable manifest' },
  VARIABLE_MISSING: { kind: 'invalid', title: 'A required variable has no value' },
  SECRET_UNREADABLE: { kind: 'unavailable', title: 'A secret cannot be opened' },
  HOST_ACCESS_REFUSED: { kind: 'invalid', title: 'The operator has not allowed that of the host' },
  EGRESS_REFUSED: { kind: 'invalid', title: 'The operator has not allowed agents to reach that' },
  CONTAINER_CREATE_FAILED: { kind: 'unavailable', title: 'The container could not be created' },
  CONTAINER_START_FAILED: { kind: 'unavailable', title: 'The container did not start' },
  CONTAINER_STOP_FAILED: { kind: 'unavailable', title: 'The container did not stop' },
  CONTAINER_REMOVE_FAILED: { kind: 'unavailable', title: 'The container could not be removed' },
  CONTAINER_EXITED: { kind: 'unavailable', title: 'The agent ended by itself' },
  CONTAINER_OUT_OF_MEMORY: { kind: 'unavailable', title: 'The agent used more memory than its limit' },
  COMPANION_EXITED: { kind: 'unavailable', title: "The agent's companion container ended" },
  HEALTH_CHECK_TIMEOUT: { kind: 'timeout', title: 'The agent did not become healthy' },
  HEALTH_CHECK_FAILED: { kind: 'unavailable', title: 'The agent does not pass its health check any more' },
  DEPENDENCY_INSTALL_FAILED: { kind: 'unavailable', title: 'The dependencies could not be installed' },
  PORT_TAKEN: { kind: 'conflict', title: 'Somebody else listens on that port of the host' },
  IMAGE_NOT_FOUND: { kind: 'unavailable', title: 'The image is not there' },
  CONTAINER_NAME_CONFLICT: { kind: 'conflict', title: 'The container name belongs to somebody else' },
  WORKSPACE_UNAVAILABLE: { kind: 'unavailable', title: 'The workspace cannot be prepared' },
  AGENT_SOCKET_UNSAFE: { kind: 'unavailable', title: 'The agent put something else where its socket should be' },
  RUNTIME_UNAVAILABLE: { kind: 'unavailable', title: 'No container engine answers' },
  RUNTIME_TIMEOUT: { kind: 'timeout', title: 'The container engine took too long' },
  RUNTIME_REFUSED: { kind: 'unavailable', title: 'The container engine refused that' },
  ENGINE_DISK_FULL: { kind: 'unavailable', title: "The container engine's disk is full" },
  RUNTIME_UNSUPPORTED: { kind: 'unsupported', title: 'This runtime cannot do that' },
  // runs
  AGENT_NOT_RUNNING: { kind: 'conflict', title: 'The agent is not running' },
  AGENT_UNREACHABLE: { kind: 'unavailable', title: 'The agent does not answer' },
  PROMPT_RENDER_FAILED: { kind: 'invalid', title: 'The system prompt could not be rendered' },
  PROMPT_RENDER_TIMEOUT: { kind: 'timeout', title: 'Rendering the system prompt took too long' },
  PROVIDER_UNKNOWN: { kind: 'unsupported', title: 'The model provider is not known' },
  RUN_TIMEOUT: { kind: 'timeout', title: 'The run took too long' },
  RUN_LOST: { kind: 'unavailable', title: 'The run was lost' },
  // snapshots of agents
  SNAPSHOT_NOT_POSSIBLE: { kind: 'conflict', title: 'The agent has nothing that such a snapshot could be taken of' },
  SNAPSHOT_NOT_READY: { kind: 'conflict', title: 'The snapshot is not ready' },
  SNAPSHOT_IN_USE: { kind: 'conflict', title: 'An agent still needs the snapshot' },
  SNAPSHOT_DAMAGED: { kind: 'conflict', title: 'The snapshot is not what was written' },
  SNAPSHOT_LOST: { kind: 'unavailable', title: 'The snapshot was lost' },
  // terminals
  TERMINAL_NOT_WAITING: { kind: 'conflict', title: 'The terminal waits for nobody' },
  TOO_MANY_TERMINALS: { kind: 'limited', title: 'There are as many terminals as there may be' },
  UPGRADE_INVALID: { kind: 'malformed', title: 'The request for a WebSocket has faults' },
  // MCP
  MCP_NOT_OFFERED: { kind: 'conflict', title: 'The agent offers no MCP server' },
  MCP_SESSION_BUSY: { kind: 'limited', title: 'The MCP session has as much to do as it may' },
  TOO_MANY_MCP_SESSIONS: { kind: 'limited', title: 'There are as many MCP sessions as there may be' },
  // events
  TOO_MANY_STREAMS: { kind: 'limited', title: 'The key follows too many streams' },
  // files
  FILE_CONFLICT: { kind: 'conflict', title: 'Something else is at that path' },
  FILE_NOT_PERMITTED: { kind: 'forbidden', title: "The agent's own user may not do that" },
  RANGE_NOT_SATISFIABLE: { kind: 'range', title: 'The file has no such part' },
  ARCHIVE_INVALID: { kind: 'invalid', title: 'The archive cannot be unpacked' },
  // Muster itself
  CONFIGURATION_INVALID: { kind: 'invalid', title: 'The configuration has faults' },
  SHUTTING_DOWN: { kind: 'unavailable', title: 'Muster is shutting down' },
  INTERNAL: { kind: 'internal', title: 'Something went wrong inside Muster' },
} as const satisfies Record<string, ProblemEntry>;

export type ProblemCode = keyof typeof PROBLEMS;
