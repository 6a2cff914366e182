import { describe, expect, it } from '@jest/globals';
import { composeMessages } from './compose-messages.js';

describe('composeMessages', () => {
  it('puts the prompt first, then soul and identity in tags of their own', () => {
    const messages = composeMessages({
      systemPrompt: 'You review code.\n',
      soul: 'Patient.',
      aieos_identity: { names: { first: 'Rea' } },
      input: 'Look at this',
    });
    expect(messages).toEqual([
      {
        role: 'system',
        content:
          'You review code.\n\n<soul>\nPatient.\n</soul>\n\n' +
          '<aieos_identity>\n{\n  "names": {\n    "first": "Rea"\n  }\n}\n</aieos_identity>',
      },
      { role: 'user', content: 'Look at this' },
    ]);
  });

  it('leaves out what is empty', () => {
    const parts = { systemPrompt: 'Be brief.', soul: ' \n', aieos_identity: null, input: 'x' };
    expect(composeMessages(parts)[0]).toEqual({ role: 'system', content: 'Be brief.' });
    expect(composeMessages({ ...parts, systemPrompt: '' })).toEqual([{ role: 'user', content: 'x' }]);
  });

  it('leaves the input as it is', () => {
    const messages = composeMessages({ systemPrompt: '', soul: '', aieos_identity: null, input: '  <b> & \n' });
    expect(messages).toEqual([{ role: 'user', content: '  <b> & \n' }]);
  });
});
