import type { TenantId } from '../../../domain/ids.js';
import { IsId } from '../../../platform/http/is-id.decorator.js';

export class TenantQuotaPath {
  @IsId('The tenant')
  id!: TenantId;
}
