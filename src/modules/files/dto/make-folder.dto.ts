import { IsWorkspacePath } from '../is-workspace-path.decorator.js';

export class MakeFolderDto {
  @IsWorkspacePath({ whole: false })
  readonly path!: string;
}
