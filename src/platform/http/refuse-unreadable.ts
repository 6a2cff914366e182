import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { DomainError } from '../../domain/errors/domain-error.js';
import { PROBLEM_CONTENT_TYPE, toProblem } from './problem.js';

/**
 * Answers what is no HTTP, too long in its headers, or too slow, before there is a request of it. The connection ends:
 * where in it the next request would begin, nobody can say any more.
 */
export function refuseUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const refused = new DomainError(
    'MALFORMED_REQUEST',
    'The request cannot be read: it is no HTTP, too long or too slow.',
  );
  const problem = toProblem(refused, '/', randomUUID());
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} Bad Request`,
    `content-type: ${PROBLEM_CONTENT_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${problem.traceId}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
