import { describe, expect, it } from '@jest/globals';
import { validateSync } from 'class-validator';
import { IsText, type TextLimits } from './is-text.decorator.js';

function faultsOf(value: unknown, limits: TextLimits): string[] {
  class Body {
    @IsText(limits)
    text: unknown;
  }
  const body = new Body();
  body.text = value;
  return validateSync(body).flatMap(({ constraints = {} }) => Object.values(constraints));
}

describe('a text', () => {
  it.each([
    [7, { maxLength: 3 }, 'must be a text'],
    ['', { maxLength: 3, minLength: 1 }, 'must not be empty'],
    ['abcd', { maxLength: 3 }, 'must be at most 3 characters long'],
    ['ää', { maxBytes: 3 }, 'must be at most 3 bytes long (UTF-8)'],
    ['a\u0000', { maxLength: 3 }, 'must not contain the character U+0000'],
    ['\ud83d', { maxLength: 3 }, 'has an unpaired surrogate (half a character)'],
    ['A', { maxLength: 3, pattern: { expression: /^[a-z]+$/, rule: 'must be lower-case' } }, 'must be lower-case'],
    ['ab', { maxLength: 3, each: true }, 'must be a list of texts'],
    [['ab', 7], { maxLength: 3, each: true }, 'number 1 must be a text'],
  ] satisfies [unknown, TextLimits, string][])('%j within %j has one fault: %s', (value, limits, fault) => {
    expect(faultsOf(value, limits)).toEqual([fault]);
  });

  it.each([
    ['abc', { maxLength: 3 }],
    ['😀😀😀', { maxLength: 3 }],
    ['ä', { maxBytes: 2 }],
    [['a', 'b'], { maxLength: 1, each: true }],
    ['', { maxLength: 3 }],
  ] satisfies [unknown, TextLimits][])('%j is within %j', (value, limits) => {
    expect(faultsOf(value, limits)).toEqual([]);
  });
});
