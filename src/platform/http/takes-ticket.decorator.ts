import { applyDecorators } from '@nestjs/common';
import { ApiQuery } from '@nestjs/swagger';
import { extendRoutePolicy } from './route-policy.js';

/** A request for a WebSocket may bring `?ticket=` in place of an API key, because a browser cannot give it headers. */
export const TakesTicket = (): MethodDecorator =>
  applyDecorators(
    extendRoutePolicy({ takesTicket: true }),
    ApiQuery({
      name: 'ticket',
      required: false,
      description: 'For a WebSocket, in place of an API key; good once',
      schema: { type: 'string' },
    }),
  );
