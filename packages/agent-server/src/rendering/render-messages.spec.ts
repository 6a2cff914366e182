import { describe, expect, it } from '@jest/globals';
import { readReport } from './render-messages.js';

describe('readReport', () => {
  it('takes the three reports a worker makes', () => {
    expect(readReport({ kind: 'rendered', text: 'x' }, 10)).toEqual({ kind: 'rendered', text: 'x' });
    expect(readReport({ kind: 'failed', message: 'm' }, 10)).toEqual({ kind: 'failed', message: 'm' });
    expect(readReport({ kind: 'exit-called', exitCode: '3' }, 10)).toEqual({ kind: 'exit-called', exitCode: '3' });
  });

  it.each([
    [null],
    ['rendered'],
    [{ kind: 'rendered' }],
    [{ kind: 'rendered', text: 5 }],
    [{ kind: 'rendered', text: 'ééééééé' }],
    [{ kind: 'failed', message: 'x'.repeat(1_001) }],
    [{ kind: 'exit-called', exitCode: 0 }],
    [{ kind: 'other' }],
  ])('does not believe %j', (message) => {
    expect(readReport(message, 10)).toBeNull();
  });
});
