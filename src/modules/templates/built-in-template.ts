import { toContent } from './template-content.js';
import type { NewTemplate } from './template-input.js';

const NAME = 'muster-agent';

/** What an agent is that somebody spawns without saying more. */
export const BUILT_IN_TEMPLATE: NewTemplate = {
  name: NAME,
  content: toContent(NAME, {
    displayName: 'Agent',
    description: 'Made by Muster for agents that are spawned without a template',
    role: 'agent',
    config: { provider: 'echo', model: 'any' },
  }),
};
