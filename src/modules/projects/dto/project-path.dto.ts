import type { ProjectId } from '../../../domain/ids.js';
import { IsId } from '../../../platform/http/is-id.decorator.js';

export class ProjectPath {
  @IsId('The project')
  id!: ProjectId;
}
