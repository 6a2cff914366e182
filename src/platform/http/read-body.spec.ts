import { describe, expect, it } from '@jest/globals';
import { IsArray, IsObject, IsString, ValidateNested } from 'class-validator';
import { IsJsonObject } from './is-json-object.decorator.js';
import { readBody } from './read-body.js';

class PartDto {
  @IsString()
  name!: string;
}

class WholeDto {
  static readonly nested = { parts: PartDto, part: PartDto };

  @IsArray()
  @ValidateNested({ each: true })
  parts: PartDto[] = [];

  @IsObject()
  @ValidateNested()
  part!: PartDto;

  @IsJsonObject({ maxBytes: 100, maxDepth: 4 })
  document: object = {};
}

const faults = (body: unknown): string[] => {
  const reading = readBody(WholeDto, body);
  return 'faults' in reading ? reading.faults.map(({ pointer, detail }) => `${pointer} ${detail}`) : [];
};

describe('readBody', () => {
  it('takes free documents as they are', () => {
    const document = { constructor: { x: 1 }, toString: null, then: [{}] };
    const reading = readBody(WholeDto, { part: { name: 'x' }, document });
    expect(reading).toMatchObject({ value: { part: { name: 'x' } } });
    expect('value' in reading && reading.value.document).toBe(document);
  });

  it('refuses unknown properties, at every level', () => {
    expect(faults({ part: { name: 'x', a: 1 }, parts: [{ name: 'x', b: 1 }], c: 1 })).toEqual([
      '/c is not a known property',
      '/parts/0/b is not a known property',
      '/part/a is not a known property',
    ]);
  });

  it.each(['constructor', 'toString', 'hasOwnProperty', 'valueOf'])('refuses a property named %s', (name) => {
    expect(faults({ part: { name: 'x', [name]: 1 }, [name]: 1 })).toEqual([
      `/part/${name} is not a known property`,
      `/${name} is not a known property`,
    ]);
  });

  it('refuses other things than objects where objects belong', () => {
    expect(faults([])).toEqual([' must be a JSON object']);
    expect(faults({ part: 'x', parts: [1], document: [] }).map((fault) => fault.split(' ')[0])).toEqual(
      expect.arrayContaining(['/part', '/document']),
    );
  });

  it('looks into nothing before it knows how deep it is', () => {
    let deep: object = {};
    for (let level = 0; level < 100_000; level++) deep = { a: deep };
    expect(faults({ part: { name: 'x' }, unknown: deep })).toHaveLength(1);
  });

  it('measures documents as compact JSON', () => {
    expect(faults({ part: { name: 'x' }, document: { a: 'x'.repeat(92) } })).toEqual([]);
    expect(faults({ part: { name: 'x' }, document: { a: 'x'.repeat(93) } })[0]).toContain('at most 100 bytes');
  });
});
