import { IsId } from '../../../platform/http/is-id.decorator.js';

export class ApiKeyPath {
  @IsId('the API key')
  readonly id!: string;
}
