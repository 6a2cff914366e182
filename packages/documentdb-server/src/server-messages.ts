/** What create() tells the server process, as one line of JSON on its stdin. The stream stays open as a sign of life. */
export interface ServerOptions {
  readonly dataDir: string;
  readonly port: number;
  readonly username: string;
  readonly password?: string;
  readonly durable: boolean;
  readonly cacheDir?: string;
}

/** What the server process tells create(), as lines of JSON on its stdout. */
export type ServerMessage =
  | { readonly kind: 'progress'; readonly line: string }
  | { readonly kind: 'ready'; readonly port: number; readonly password: string }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly obstacle?: string };
