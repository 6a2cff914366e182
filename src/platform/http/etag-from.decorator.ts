import { SetMetadata, type CustomDecorator } from '@nestjs/common';

export const ETAG_FIELD = 'muster:etag-field';

/** Sends the body's field (a version or revision number) as a strong ETag; a GET honours If-None-Match with 304. */
export const EtagFrom = (field: 'version' | 'revision'): CustomDecorator => SetMetadata(ETAG_FIELD, field);
