import { ApiProperty } from '@nestjs/swagger';
import type { WrittenFile } from '../files.service.js';
import { FileEntryDto, toFileEntryDto } from './file-entry.dto.js';

export class WrittenFileDto extends FileEntryDto {
  @ApiProperty({ description: 'SHA-256, in hex, of what was sent' })
  readonly sha256!: string;
}

export const toWrittenFileDto = ({ entry, sha256 }: WrittenFile): WrittenFileDto =>
  Object.assign(toFileEntryDto(entry), { sha256 });
