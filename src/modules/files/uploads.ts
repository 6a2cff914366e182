import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import { DomainError } from '../../domain/errors/domain-error.js';
import { Configuration } from '../../platform/config/configuration.js';
import { discardRest } from './discard-rest.js';
import { MeasuredBody, tooLarge } from './measured-body.js';

/** Bodies that are passed on as they come. */
@Injectable()
export class Uploads {
  constructor(private readonly configuration: Configuration) {}

  /**
   * Has `use` read the request's body, and sees to it that a refusal reaches who still sends.
   * @throws DomainError BODY_TOO_LARGE before anything is read where the length is told, UNSUPPORTED_MEDIA_TYPE for no body
   */
  async take<T>(request: FastifyRequest, use: (body: MeasuredBody) => Promise<T>): Promise<T> {
    const { filesMaxBytes } = this.configuration;
    try {
      if (Number(request.headers['content-length'] ?? 0) > filesMaxBytes) throw tooLarge(filesMaxBytes);
      return await use(new MeasuredBody(bodyOf(request), filesMaxBytes));
    } catch (error) {
      discardRest(request.raw);
      throw error;
    }
  }
}

function bodyOf({ body, headers, routeOptions }: FastifyRequest): Readable {
  if (body instanceof Readable) return body;
  // Fastify parses no body of no length, so nobody has looked at its type.
  const type = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (body === undefined && routeOptions.config.muster?.streams?.includes(type) === true) return Readable.from([]);
  throw new DomainError('UNSUPPORTED_MEDIA_TYPE', 'Send the bytes with their content type. See /docs.');
}
