import { extendRoutePolicy } from './route-policy.js';

/** Sends the body's field (a version or revision number) as a strong ETag; a GET honours If-None-Match with 304. */
export const EtagFrom = (field: 'version' | 'revision'): MethodDecorator => extendRoutePolicy({ etagField: field });
