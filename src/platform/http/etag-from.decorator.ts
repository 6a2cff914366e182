import { extendRoutePolicy } from './route-policy.js';

interface EtagOptions {
  /** Nothing in the answer changes while the field stays: a GET honours If-None-Match with 304. @default false */
  readonly namesAll?: boolean;
}

/**
 * Sends the body's field (a version or revision number) as a strong ETag, for If-Match. The tag of a head stays while parts that
 * nobody edits change (an agent's state, an archive's date), so that a 304 for it would show an old state as today's.
 */
export const EtagFrom = (field: 'version' | 'revision', { namesAll = false }: EtagOptions = {}): MethodDecorator =>
  extendRoutePolicy({ etagField: field, etagNamesAll: namesAll });
