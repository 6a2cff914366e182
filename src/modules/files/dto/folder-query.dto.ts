import { WORKSPACE } from '../../../domain/files/workspace-path.js';
import { IsWorkspacePath } from '../is-workspace-path.decorator.js';

/** Which folder; the workspace when none is named. */
export class FolderQuery {
  @IsWorkspacePath({ whole: true })
  readonly path: string = WORKSPACE;
}
