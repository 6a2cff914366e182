import { IsWorkspacePath } from '../is-workspace-path.decorator.js';

/** Which file. */
export class FileQuery {
  @IsWorkspacePath({ whole: false })
  readonly path!: string;
}
