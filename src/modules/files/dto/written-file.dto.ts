import { ApiProperty } from '@nestjs/swagger';
import type { WrittenFile } from '../files.service.js';
import { FileEntryDto, toFileEntryDto } from './file-entry.dto.js';

export class WrittenFileDto extends FileEntryDto {
  @ApiProperty({
    example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    description: 'SHA-256, in hex, of what was sent',
  })
  readonly sha256!: string;
}

export const toWrittenFileDto = ({ entry, sha256 }: WrittenFile): WrittenFileDto =>
  Object.assign(toFileEntryDto(entry), { sha256 });
