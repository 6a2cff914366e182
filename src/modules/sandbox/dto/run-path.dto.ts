import type { RunId } from '../../../domain/ids.js';
import { IsId } from '../../../platform/http/is-id.decorator.js';
import { RunsPath } from './runs-path.dto.js';

export class RunPath extends RunsPath {
  @IsId('The run')
  readonly runId!: RunId;
}
