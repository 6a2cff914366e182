import { ApiProperty } from '@nestjs/swagger';

export class UnpackedArchiveDto {
  @ApiProperty({ example: 3, description: 'Files and links that were written' })
  readonly files!: number;

  @ApiProperty({ example: 4096, description: 'Bytes in these files' })
  readonly bytes!: number;

  @ApiProperty({
    example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    description: 'SHA-256, in hex, of the archive as it was sent',
  })
  readonly sha256!: string;
}
