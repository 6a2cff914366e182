import { ApiProperty } from '@nestjs/swagger';
import { applyDecorators } from '@nestjs/common';
import { Matches } from 'class-validator';

/** A property that must be an id: 24 lower-case hex digits. */
export const IsId = (description: string): PropertyDecorator =>
  applyDecorators(
    Matches(/^[0-9a-f]{24}$/, { message: 'must be an id: 24 lower-case hex digits' }),
    ApiProperty({ type: String, description, example: '66f2a1c09b1e8a4d3c5f7a10', pattern: '^[0-9a-f]{24}$' }),
  );
