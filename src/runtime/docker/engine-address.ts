import type { DockerOptions } from 'dockerode';
import { DomainError } from '../../domain/errors/domain-error.js';

export const DEFAULT_ENGINE_HOST = 'unix:///var/run/docker.sock';

/** The engine's default port without TLS. */
const DEFAULT_PORT = 2375;

export interface EngineAddress {
  readonly options: DockerOptions;
  /** Is it a socket of this machine? Then its folders may be Muster's folders. */
  readonly local: boolean;
}

/** @throws DomainError CONFIGURATION_INVALID */
export function parseEngineHost(host: string): EngineAddress {
  const url = URL.canParse(host) ? new URL(host) : null;
  if (url?.protocol === 'unix:' && url.pathname !== '' && url.host === '') {
    return { options: { socketPath: decodeURIComponent(url.pathname) }, local: true };
  }
  if (url !== null && ['tcp:', 'http:', 'https:'].includes(url.protocol) && url.hostname !== '') {
    const protocol = url.protocol === 'https:' ? 'https' : 'http';
    const port = url.port === '' ? DEFAULT_PORT : Number(url.port);
    return { options: { protocol, host: url.hostname, port }, local: false };
  }
  throw new DomainError(
    'CONFIGURATION_INVALID',
    `DOCKER_HOST ${host} is not understood. It is unix:///path/to/socket or tcp://host:port.`,
  );
}
