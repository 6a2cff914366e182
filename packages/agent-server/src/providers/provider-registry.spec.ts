import { describe, expect, it } from '@jest/globals';
import { EchoProvider } from './echo-provider.js';
import { PROVIDERS } from './provider-registry.js';

const never = new AbortController().signal;

describe('ProviderRegistry', () => {
  it('finds a provider by its name', () => {
    expect(PROVIDERS.named('echo')).toBeInstanceOf(EchoProvider);
  });

  it('says which it knows and what to do when it does not', () => {
    expect(() => PROVIDERS.named('copilot')).toThrow(
      expect.objectContaining({
        code: 'PROVIDER_UNKNOWN',
        message: expect.stringMatching(/"copilot".*It knows: echo\. Set config\.provider/),
      }),
    );
  });
});

describe('EchoProvider', () => {
  const request = {
    model: 'any',
    tools: [],
    messages: [
      { role: 'system', content: '12345' },
      { role: 'user', content: 'schön' },
    ],
  } as const;

  it('answers with the user text, and counts a token for every four bytes begun', async () => {
    await expect(new EchoProvider().complete(request, never)).resolves.toEqual({
      output: 'echo: schön',
      usage: { inputTokens: 2 + 2, outputTokens: 3 },
    });
  });

  it('answers the same whatever the model and the system message', async () => {
    const other = { ...request, model: 'other', messages: [request.messages[1]] };
    const answers = await Promise.all([request, other].map((asked) => new EchoProvider().complete(asked, never)));
    expect(new Set(answers.map(({ output }) => output)).size).toBe(1);
  });
});
