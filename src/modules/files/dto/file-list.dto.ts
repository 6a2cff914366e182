import { ApiProperty } from '@nestjs/swagger';
import type { FileEntry } from '../../../domain/files/file-entry.js';
import type { Page } from '../../../domain/page.js';
import { FileEntryDto, toFileEntryDto } from './file-entry.dto.js';

export class FileListDto {
  @ApiProperty({ type: [FileEntryDto] })
  readonly items!: readonly FileEntryDto[];

  @ApiProperty({ type: String, nullable: true, example: null })
  readonly nextCursor!: string | null;
}

export const toFileListDto = ({ items, nextCursor }: Page<FileEntry>): FileListDto => ({
  items: items.map(toFileEntryDto),
  nextCursor,
});
