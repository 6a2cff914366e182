import { describe, expect, it } from '@jest/globals';
import { describeTemplateError } from './describe-template-error.js';

const POSITION = 'ejs:2\n    1| a\n >> 2| <% boom() %>\n    3| \n\n';

describe('describeTemplateError', () => {
  it('takes the line from what ejs puts in front, and drops the template text', () => {
    expect(describeTemplateError(new Error(`${POSITION}boom is not defined`))).toBe(
      'boom is not defined (line 2 of the system prompt)',
    );
  });

  it('keeps the first line of a message only, bounded and without control characters', () => {
    expect(describeTemplateError(new Error('first\u001b[31m\nsecond'))).toBe('first [31m');
    expect(describeTemplateError(new Error('x'.repeat(5_000)))).toHaveLength(301);
  });

  it('tells what was thrown when it was no Error', () => {
    const refused = new TypeError("Cannot create property 'path' on string 'bad luck'");
    expect(describeTemplateError(refused)).toBe("it threw string 'bad luck', not an Error");
    expect(describeTemplateError('plain')).toBe('plain');
  });

  it('survives a thrown thing that cannot be shown', () => {
    const hostile = {
      toString: () => {
        throw new TypeError('no');
      },
    };
    expect(describeTemplateError(hostile)).toBe('it threw something that cannot be shown');
  });
});
