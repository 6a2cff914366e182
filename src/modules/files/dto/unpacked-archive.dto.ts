import { ApiProperty } from '@nestjs/swagger';

export class UnpackedArchiveDto {
  @ApiProperty({ example: 3, description: 'Files and links that were written' })
  readonly files!: number;

  @ApiProperty({ example: 4096, description: 'Bytes in these files' })
  readonly bytes!: number;

  @ApiProperty({ description: 'SHA-256, in hex, of the archive as it was sent' })
  readonly sha256!: string;
}
