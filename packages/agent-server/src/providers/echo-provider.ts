import type { Completion, CompletionRequest, ModelProvider } from './model-provider.js';

const BYTES_PER_TOKEN = 4;

/**
 * Answers without any model: `echo: ` and the user's text, the same on every replica. It counts one token for every
 * four bytes of UTF-8 begun, message by message.
 */
export class EchoProvider implements ModelProvider {
  readonly name = 'echo';

  complete(request: CompletionRequest, signal: AbortSignal): Promise<Completion> {
    signal.throwIfAborted();
    const asked = request.messages.filter(({ role }) => role === 'user').map(({ content }) => content);
    const output = `echo: ${asked.join('\n')}`;
    const inputTokens = request.messages.reduce((sum, { content }) => sum + tokensOf(content), 0);
    return Promise.resolve({ output, usage: { inputTokens, outputTokens: tokensOf(output) } });
  }
}

function tokensOf(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN);
}
