import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, ValidateBy } from 'class-validator';
import { SECRET_MOST_BYTES } from '../../../domain/secrets/secret.js';
import { textFault } from '../../../platform/http/is-text.decorator.js';
import { MayBeLeftOut } from '../../../platform/http/may-be-left-out.decorator.js';

const ENCODINGS = ['utf-8', 'base64'] as const;
type Encoding = (typeof ENCODINGS)[number];

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** What is wrong with a value, never in its own words. */
function valueFault(value: unknown, encoding: unknown): string | null {
  if (encoding !== 'base64') return textFault(value, { minLength: 1, maxBytes: SECRET_MOST_BYTES });
  if (typeof value !== 'string') return 'must be a text';
  if (value.length === 0) return 'must not be empty';
  if (!BASE64.test(value)) return 'must be base64 (RFC 4648, section 4), with padding and without line breaks';
  return Buffer.byteLength(value, 'base64') > SECRET_MOST_BYTES
    ? `must be at most ${SECRET_MOST_BYTES} bytes long`
    : null;
}

const encodingOf = (object: object | undefined): unknown => (object as { encoding?: unknown } | undefined)?.encoding;

/** The value a secret is to have. */
export class SetSecretDto {
  @ApiProperty({
    type: String,
    format: 'password',
    example: 'correct horse battery staple',
    description: `1 to ${SECRET_MOST_BYTES} bytes, kept as they are`,
  })
  @ValidateBy({
    name: 'isSecretValue',
    validator: {
      validate: (value: unknown, asked) => valueFault(value, encodingOf(asked?.object)) === null,
      defaultMessage: (asked) => valueFault(asked?.value, encodingOf(asked?.object)) ?? 'must be a text',
    },
  })
  value!: string;

  @ApiPropertyOptional({ enum: ENCODINGS, default: 'utf-8', description: 'How `value` says the bytes' })
  @MayBeLeftOut()
  @IsIn(ENCODINGS, { message: `must be one of ${ENCODINGS.join(', ')}` })
  encoding?: Encoding;
}

export const bytesOf = ({ value, encoding = 'utf-8' }: SetSecretDto): Uint8Array => Buffer.from(value, encoding);
