import { extendRoutePolicy } from './route-policy.js';

/**
 * A body of JSON is handed over as text, once it is known to be JSON, for a route that passes on what it was sent, to the letter. Every
 * such request is a message of its own protocol, with its own ways to repeat it, so an Idempotency-Key is not looked at.
 */
export const KeepsText = (): MethodDecorator => extendRoutePolicy({ keepsText: true });
