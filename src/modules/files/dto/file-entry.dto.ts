import { ApiProperty } from '@nestjs/swagger';
import type { FileEntry, FileType } from '../../../domain/files/file-entry.js';
import { absolutePath } from '../../../domain/files/workspace-path.js';

const TYPES = ['file', 'folder', 'link', 'pipe', 'socket', 'device'] as const satisfies readonly FileType[];

export class FileEntryDto {
  @ApiProperty({ example: '/workspace/notes.txt', description: 'Bytes that are no UTF-8 are U+FFFD in it' })
  readonly path!: string;

  @ApiProperty({ example: 'notes.txt' })
  readonly name!: string;

  @ApiProperty({ enum: TYPES, example: 'file' })
  readonly type!: FileType;

  @ApiProperty({ example: 12, description: 'In bytes, as the file claims it; 0 for all but files' })
  readonly size!: number;

  @ApiProperty({ example: '0644', description: 'Permissions, in octal' })
  readonly mode!: string;

  @ApiProperty({ example: '2026-01-31T12:00:00.000Z' })
  readonly modifiedAt!: string;

  @ApiProperty({ type: String, nullable: true, example: null, description: 'What a link says; it is never followed' })
  readonly target!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'For If-Match; of files alone' })
  readonly etag!: string | null;
}

export function toFileEntryDto({ path, type, size, mode, modifiedAt, target, etag }: FileEntry): FileEntryDto {
  return {
    path: absolutePath(path),
    name: path.slice(path.lastIndexOf('/') + 1),
    type,
    size,
    mode: mode.toString(8).padStart(4, '0'),
    modifiedAt: modifiedAt.toISOString(),
    target,
    etag: etag === null ? null : `"${etag}"`,
  };
}
