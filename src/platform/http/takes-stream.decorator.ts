import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiConsumes } from '@nestjs/swagger';
import { extendRoutePolicy } from './route-policy.js';

/**
 * The body is a stream of bytes of one of these content types: it is handed over unread, so BODY_LIMIT and the time that other
 * bodies have do not bind it, and it has no Idempotency-Key. The route bounds it.
 */
export const TakesStream = (...contentTypes: readonly string[]): MethodDecorator =>
  applyDecorators(
    extendRoutePolicy({ streams: contentTypes }),
    ApiConsumes(...contentTypes),
    ApiBody({ schema: { type: 'string', format: 'binary' } }),
  );
