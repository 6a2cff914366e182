import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsUrl, Matches, MaxLength } from 'class-validator';
import { IsText } from '../../../platform/http/is-text.decorator.js';
import { MayBeLeftOut } from '../../../platform/http/may-be-left-out.decorator.js';

export class McpServerDto {
  @ApiProperty({ example: 'search' })
  @Matches(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, {
    message: 'must be 1 to 63 letters, digits, dots, hyphens or underscores',
  })
  name!: string;

  @ApiPropertyOptional({ example: 'https://mcp.example.com/mcp', description: 'Give either url or command' })
  @MayBeLeftOut()
  @MaxLength(2000)
  @IsUrl(
    { protocols: ['http', 'https'], require_protocol: true, require_tld: false, allow_underscores: true },
    { message: 'must be an http or https address' },
  )
  url?: string;

  @ApiPropertyOptional({ example: 'npx', description: 'A program started inside the container' })
  @MayBeLeftOut()
  @IsText({ maxBytes: 1000, minLength: 1 })
  command?: string;

  @ApiPropertyOptional({ example: ['-y', 'some-mcp-server'], type: [String] })
  @MayBeLeftOut()
  @IsArray()
  @ArrayMaxSize(64)
  @IsText({ maxLength: 1000, each: true })
  args?: string[];
}
