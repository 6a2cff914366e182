import { Types } from 'mongoose';
import type { TenantId } from '../../domain/ids.js';
import type { TemplateFilter } from '../../domain/templates/templates.repository.js';
import { beforeCursor } from '../database/before-cursor.js';

/**
 * The filter of a list. `q` is looked for as plain text in three short fields; that reads the tenant's templates one by
 * one, which their number allows: an index for parts of words would cost more than it saves.
 * @throws ValidationFailedError for a cursor that Muster did not give
 */
export function listFilter(tenantId: TenantId, filter: TemplateFilter, cursor?: string): Record<string, unknown> {
  return {
    tenantId: new Types.ObjectId(tenantId),
    ...beforeCursor(cursor),
    ...(filter.archived === true ? {} : { archivedAt: null }),
    ...(filter.label === undefined ? {} : { 'content.labels': filter.label }),
    ...(filter.role === undefined ? {} : { 'content.role': filter.role }),
    ...(filter.q === undefined ? {} : { $or: SEARCHED.map((field) => ({ [field]: containing(filter.q ?? '') })) }),
  };
}

const SEARCHED = ['name', 'content.displayName', 'content.description'];

const containing = (text: string) => ({ $regex: text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'), $options: 'i' });
