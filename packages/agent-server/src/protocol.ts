/**
 * What Muster and an agent-server say to each other: HTTP/1.1 over the Unix socket `agent.sock`, JSON bodies in UTF-8.
 * Muster always dials; the agent-server only listens.
 *
 *     GET  /v1/health                           → 200 HealthResponse
 *     PUT  /v1/configuration  ConfigureRequest  → 204
 *     PUT  /v1/secrets        SecretsRequest    → 204                  in place of all that were given before
 *     POST /v1/runs           RunRequest        → 200 RunResponse      closing the connection cancels the run
 *     POST /v1/probes         ProbeRequest      → 200 ProbeResponse
 *     GET  /v1/tunnels/<port>                   → 101, upgraded to TUNNEL_PROTOCOL: bytes to and from that port of the
 *                                                 loopback; 502 when nothing listens there
 *     GET  /v1/uplink                           → 101, upgraded to UPLINK_PROTOCOL
 *     GET  /v1/exec                             → 101, upgraded to EXEC_PROTOCOL; 503 when no program can be started
 *     anything that fails                       → 4xx/5xx ErrorResponse
 *
 * On the uplink the agent asks, and Muster answers: it is HTTP/2, of which the agent-server is the client. Muster decides what is allowed:
 *
 *     CONNECT <name>:<port>      → 200, and then bytes in both directions; any other status: refused
 *     GET /v1/names/<name>       → 200 NameResponse, 404 when there is no such name for this agent
 *
 * For a program, once upgraded: Muster sends a length of four bytes, an ExecRequest of that length, and then the program's input, until it
 * ends its direction. The agent-server sends frames as Docker's engine does (a number, three zeroes, a length of four bytes, the
 * data): 1 stdout, 2 stderr, and at last 3, an ExecEnd.
 *
 * Files of the workspace, by paths relative to it in `?path=` (limits in maxBytes and maxEntries). Bodies and answers are
 * streams; closing the connection within one leaves nothing of it:
 *
 *     GET    /v1/files?path&recursive&limit&after  → 200 FileListResponse
 *     DELETE /v1/files?path&recursive              → 204
 *     POST   /v1/files/folders?path                → 201 made, 200 was there
 *     GET    /v1/files/content?path&maxBytes       → 200 or 206 bytes, ETag          honours Range
 *     PUT    /v1/files/content?path&maxBytes       → 201 or 200 FileEntry            honours If-Match, If-None-Match: *
 *     GET    /v1/files/archive?path&…              → 200 tar
 *     PUT    /v1/files/archive?path&gzip&…         → 200 ArchiveUnpacked
 *     GET    /v1/files/watch?path                  → 200 a FileChange a line, until the connection is closed
 *
 * A body has exactly the fields of its type: missing and unknown ones are refused, all faults in one message.
 */
export const SOCKET_NAME = 'agent.sock';

/** Where the private folder is mounted inside a container. */
export const SOCKET_FOLDER = '/run/muster';

/** Where secrets are put, which has to be in memory. */
export const SECRETS_FOLDER = '/run/secrets';

/** What a tunnel's request is upgraded to. */
export const TUNNEL_PROTOCOL = 'muster-tunnel';

/** What the connection is upgraded to on which the agent asks. */
export const UPLINK_PROTOCOL = 'muster-uplink';

/** What the connection of a program is upgraded to. */
export const EXEC_PROTOCOL = 'muster-exec';

/** Names the address, `127.0.0.1:53`, at which the container's programs ask for names. */
export const NAMES_VARIABLE = 'MUSTER_NAMES';

/** Neither side reads a larger body. */
export const MAX_BODY_BYTES = 8 * 1024 * 1024;

export interface HealthResponse {
  readonly version: string;
  /** The digest of the configuration it has, null before the first. */
  readonly configured: string | null;
}

export interface ConfigureRequest {
  readonly instanceId: string;
  readonly identifier: string;
  readonly displayName: string;
  readonly role: string;
  readonly soul: string;
  readonly aieos_identity: Readonly<Record<string, unknown>> | null;
  /** EJS source, rendered for each run, here inside. */
  readonly systemPrompt: string;
  readonly tools: readonly unknown[];
  readonly config: {
    readonly model: string;
    readonly provider: string;
    readonly skills: string;
    readonly canWriteCode: boolean;
    readonly mcpServers: readonly unknown[];
  };
  /** 64 lower-case hex digits: what the configuration is known by. */
  readonly digest: string;
}

/** Files to be in SECRETS_FOLDER, and no others. */
export interface SecretsRequest {
  readonly secrets: readonly SecretGiven[];
}

export interface SecretGiven {
  /** What the file is called: a variable's name. */
  readonly name: string;
  /** In base64. */
  readonly value: string;
}

export interface RunRequest {
  readonly runId: string;
  readonly type: 'prompt';
  /** The user's message; the system prompt can read it too, by readStdin(). */
  readonly input: string;
}

export interface RunResponse {
  readonly output: string;
  readonly usage: { readonly inputTokens: number; readonly outputTokens: number };
}

/** A look at a program that listens beside the agent-server, on the container's own loopback. */
export interface ProbeRequest {
  readonly kind: 'http' | 'tcp';
  readonly port: number;
  /** What is asked for by GET; null where nothing is asked. */
  readonly path: string | null;
  readonly timeoutMs: number;
}

export interface ProbeResponse {
  /** refused: nothing listens. broken: it answers, and not in HTTP. status: with another one than 2xx and 3xx. */
  readonly result: 'ok' | 'refused' | 'timeout' | 'broken' | 'status';
  /** Of an HTTP answer. */
  readonly status: number | null;
}

/** A program beside the agent's own, in a session of its own, in the folder that the agent-server works in. */
export interface ExecRequest {
  readonly command: readonly string[];
  /** On top of the agent-server's own. */
  readonly env: Readonly<Record<string, string>>;
}

/** exitCode: 128 + n after signal n. */
export type ExecEnd = { readonly exitCode: number } | { readonly failure: string };

export interface NameResponse {
  /** At which the name is to be reached. */
  readonly ports: readonly number[];
}

export type FileType = 'file' | 'folder' | 'link' | 'pipe' | 'socket' | 'device';

export interface FileEntry {
  /** Relative to the workspace. What is no UTF-8 in it is U+FFFD, and cannot be asked for. */
  readonly path: string;
  readonly type: FileType;
  /** In bytes, as the file claims it; 0 for all but files. */
  readonly size: number;
  readonly mode: number;
  /** ISO 8601. */
  readonly modifiedAt: string;
  /** What a link says, which need not be there. */
  readonly target: string | null;
  /** Of files alone, without quotes. */
  readonly etag: string | null;
}

export interface FileListResponse {
  readonly entries: readonly FileEntry[];
  readonly more: boolean;
}

export interface FileChange {
  readonly kind: 'watching' | 'created' | 'changed' | 'deleted' | 'incomplete';
  readonly path: string;
  readonly type: FileType | null;
}

export interface ArchiveUnpacked {
  /** Files and links. */
  readonly files: number;
  readonly bytes: number;
}

export type AgentErrorCode =
  | 'MALFORMED_REQUEST'
  | 'VALIDATION_FAILED'
  /** A request's body, or the answer that a run would have. */
  | 'BODY_TOO_LARGE'
  | 'ROUTE_NOT_FOUND'
  | 'NOT_CONFIGURED'
  | 'PROMPT_RENDER_FAILED'
  | 'PROMPT_RENDER_TIMEOUT'
  | 'PROVIDER_UNKNOWN'
  | 'FILE_NOT_FOUND'
  /** Something else is there, or on the way: a folder, a link, a pipe. */
  | 'FILE_CONFLICT'
  /** A precondition does not hold. */
  | 'FILE_CHANGED'
  | 'FILE_NOT_PERMITTED'
  | 'RANGE_NOT_SATISFIABLE'
  | 'ARCHIVE_INVALID'
  | 'DISK_FULL'
  /** Not on this platform. */
  | 'UNSUPPORTED'
  | 'INTERNAL';

export interface ErrorResponse {
  readonly code: AgentErrorCode;
  readonly message: string;
}
