import type { ProjectId } from '../../../domain/ids.js';
import { IsId } from '../../../platform/http/is-id.decorator.js';

export class ProjectQuotaPath {
  @IsId('The project')
  projectId!: ProjectId;
}
