import { IsFlag } from '../is-flag.decorator.js';
import { FileQuery } from './file-query.dto.js';

export class RemoveQuery extends FileQuery {
  @IsFlag('Remove a folder with all that is in it')
  readonly recursive: boolean = false;
}
