import type { TemplateId } from '../../../domain/ids.js';
import { IsId } from '../../../platform/http/is-id.decorator.js';

export class TemplatePath {
  @IsId('The template')
  id!: TemplateId;
}
