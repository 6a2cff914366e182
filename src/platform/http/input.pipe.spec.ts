import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsInt, IsObject, IsOptional, IsString, ValidateNested } from 'class-validator';
import type { DomainError } from '../../domain/errors/domain-error.js';
import { InputPipe } from './input.pipe.js';

class Assignment {
  @IsString()
  readonly role!: string;
}

class Input {
  static readonly nested = { roleAssignments: Assignment };

  @IsString()
  readonly name!: string;

  @ArrayMaxSize(3)
  @ValidateNested({ each: true })
  readonly roleAssignments: readonly Assignment[] = [];

  @IsOptional()
  @IsObject()
  readonly document?: object;
}

class Query {
  @Type(() => Number)
  @IsInt()
  readonly limit: number = 50;
}

async function faults(value: unknown, type: 'body' | 'query', metatype: typeof Input | typeof Query) {
  const error = await new InputPipe().transform(value, { type, metatype }).then(
    () => null,
    (thrown: unknown) => thrown as DomainError,
  );
  expect(error?.code).toBe('VALIDATION_FAILED');
  return error?.faults;
}

describe('InputPipe', () => {
  it('points into the body, however deep, at every fault at once', async () => {
    const body = { name: 7, extra: 1, 'a/b~c': 2, roleAssignments: [{ role: 'developer' }, { role: 1, more: 2 }] };
    expect(await faults(body, 'body', Input)).toEqual(
      expect.arrayContaining([
        { pointer: '/name', detail: 'must be a string' },
        { pointer: '/extra', detail: 'is not a known property' },
        { pointer: '/a~1b~0c', detail: 'is not a known property' },
        { pointer: '/roleAssignments/1/role', detail: 'must be a string' },
        { pointer: '/roleAssignments/1/more', detail: 'is not a known property' },
      ]),
    );
  });

  it('leaves free documents as they came, whatever their members are called', async () => {
    const document = JSON.parse('{"constructor":{"prototype":1},"toString":null,"then":{"valueOf":[]}}') as object;
    const body = { name: 'x', document };
    const input = (await new InputPipe().transform(body, { type: 'body', metatype: Input })) as Input;
    expect(input).toBeInstanceOf(Input);
    expect(input.document).toBe(document);
  });

  it('refuses nesting that would exhaust the stack', async () => {
    const body: unknown = JSON.parse(`{"name":"x","document":{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`);
    expect((await faults(body, 'body', Input))?.[0]?.detail).toContain('nested deeper');
  });

  it('names a parameter without a pointer', async () => {
    expect(await faults({ limit: 'many' }, 'query', Query)).toEqual([
      { pointer: 'limit', detail: 'must be an integer number' },
    ]);
  });

  it('gives an instance of the class, with defaults and numbers', async () => {
    const pipe = new InputPipe();
    expect(await pipe.transform({}, { type: 'query', metatype: Query })).toEqual(new Query());
    expect(await pipe.transform({ limit: '7' }, { type: 'query', metatype: Query })).toMatchObject({ limit: 7 });
  });

  it.each([[null], [[]], ['text'], [undefined]])('refuses %j where an object is wanted', async (body) => {
    await expect(new InputPipe().transform(body, { type: 'body', metatype: Input })).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
    });
  });
});
