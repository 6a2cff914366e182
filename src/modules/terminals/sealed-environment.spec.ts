import { describe, expect, it } from '@jest/globals';
import { newId, type TerminalId } from '../../domain/ids.js';
import { openEnvironment, sealEnvironment } from './sealed-environment.js';

describe('sealEnvironment', () => {
  const id = newId<TerminalId>();
  const sealed = sealEnvironment(id, { TOKEN: 'hunter2' }, { ticket: 'a-ticket', key: 'a-key' });

  it('opens to the ticket and to the key', () => {
    expect(openEnvironment(id, sealed, { kind: 'byTicket', text: 'a-ticket' })).toEqual({ TOKEN: 'hunter2' });
    expect(openEnvironment(id, sealed, { kind: 'byKey', text: 'a-key' })).toEqual({ TOKEN: 'hunter2' });
  });

  it('opens to nothing else, and shows nothing', () => {
    expect(openEnvironment(id, sealed, { kind: 'byKey', text: 'a-ticket' })).toBeNull();
    expect(openEnvironment(newId<TerminalId>(), sealed, { kind: 'byKey', text: 'a-key' })).toBeNull();
    expect(JSON.stringify(sealed)).not.toContain('hunter2');
  });
});
