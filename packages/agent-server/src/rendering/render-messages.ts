/** What the server and its render workers say to each other. */
export interface RenderJob {
  readonly template: string;
  readonly input: string;
  readonly maxOutputBytes: number;
}

export type RenderReport =
  | { readonly kind: 'rendered'; readonly text: string }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'exit-called'; readonly exitCode: string };

const MAX_MESSAGE_CHARACTERS = 1_000;

/** What a worker reported, or null: a template can reach the port as well, and send anything. */
export function readReport(message: unknown, maxOutputBytes: number): RenderReport | null {
  if (typeof message !== 'object' || message === null || !('kind' in message)) return null;
  switch (message.kind) {
    case 'rendered':
      return 'text' in message && isText(message.text, maxOutputBytes)
        ? { kind: 'rendered', text: message.text }
        : null;
    case 'failed':
      return 'message' in message && isText(message.message, MAX_MESSAGE_CHARACTERS)
        ? { kind: 'failed', message: message.message }
        : null;
    case 'exit-called':
      return 'exitCode' in message && isText(message.exitCode, MAX_MESSAGE_CHARACTERS)
        ? { kind: 'exit-called', exitCode: message.exitCode }
        : null;
    default:
      return null;
  }
}

function isText(value: unknown, maxBytes: number): value is string {
  return typeof value === 'string' && value.length <= maxBytes && Buffer.byteLength(value) <= maxBytes;
}
