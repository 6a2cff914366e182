import type { Message } from '../providers/model-provider.js';

export interface MessageParts {
  /** The rendered system prompt. */
  readonly systemPrompt: string;
  readonly soul: string;
  readonly aieos_identity: Readonly<Record<string, unknown>> | null;
  readonly input: string;
}

/**
 * What a model is asked: one system message, one user message. The system message is the rendered prompt, then the soul
 * and the identity, each in tags of its own, so that a model can tell them apart whatever headings they use inside. What
 * is empty is left out; when all is, there is no system message.
 */
export function composeMessages(parts: MessageParts): readonly Message[] {
  const sections = [
    parts.systemPrompt.trim(),
    tagged('soul', parts.soul.trim()),
    tagged('aieos_identity', parts.aieos_identity === null ? '' : JSON.stringify(parts.aieos_identity, null, 2)),
  ];
  const content = sections.filter((section) => section !== '').join('\n\n');
  const user: Message = { role: 'user', content: parts.input };
  return content === '' ? [user] : [{ role: 'system', content }, user];
}

function tagged(tag: string, content: string): string {
  return content === '' ? '' : `<${tag}>\n${content}\n</${tag}>`;
}
