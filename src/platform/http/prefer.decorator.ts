import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { readPreferences, type Preferences } from './preferences.js';

/**
 * What the header Prefer asks of an action (RFC 7240): how long to wait for its end. What is honoured is said in
 * Preference-Applied. The longest wait is {@link MAX_WAIT_SECONDS}.
 */
export const Prefer = createParamDecorator((_: unknown, context: ExecutionContext): Preferences => {
  const http = context.switchToHttp();
  const { preferences, applied } = readPreferences(http.getRequest<FastifyRequest>().headers['prefer']);
  if (applied !== null) http.getResponse<FastifyReply>().header('preference-applied', applied);
  return preferences;
});
