import { ApiProperty } from '@nestjs/swagger';

export class ExecDetailsDto {
  @ApiProperty({ type: [String], example: ['/bin/sh', '-c', 'npm test'] })
  readonly command!: readonly string[];

  @ApiProperty({ example: '/workspace' })
  readonly cwd!: string;

  @ApiProperty({ type: [String], example: ['CI'], description: 'Its values are not kept, nor is stdin' })
  readonly envNames!: readonly string[];

  @ApiProperty({ example: 300 })
  readonly timeoutSeconds!: number;
}
