import { AgentError } from '../errors.js';
import { EchoProvider } from './echo-provider.js';
import type { ModelProvider } from './model-provider.js';

export class ProviderRegistry {
  readonly #providers: ReadonlyMap<string, ModelProvider>;

  constructor(providers: readonly ModelProvider[]) {
    this.#providers = new Map(providers.map((provider) => [provider.name, provider]));
  }

  /** @throws AgentError PROVIDER_UNKNOWN */
  named(name: string): ModelProvider {
    const provider = this.#providers.get(name);
    if (provider !== undefined) return provider;
    const known = [...this.#providers.keys()].join(', ');
    throw new AgentError(
      'PROVIDER_UNKNOWN',
      `This agent-server does not know the model provider "${name}". It knows: ${known}. ` +
        'Set config.provider of the template to one of these and create the agent anew, or use an agent image that brings the provider.',
    );
  }
}

export const PROVIDERS = new ProviderRegistry([new EchoProvider()]);
