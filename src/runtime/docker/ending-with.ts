import type Modem from 'docker-modem';
import type Docker from 'dockerode';

/** The same engine; each request to it ends with the signal, also those for which dockerode's methods take none. */
export function endingWith(docker: Docker, abortSignal: AbortSignal): Docker {
  const dial: Modem['dial'] = (options, callback) => {
    docker.modem.dial({ ...options, abortSignal }, callback);
  };
  const modem = Object.create(docker.modem, { dial: { value: dial } }) as Modem;
  return Object.create(docker, { modem: { value: modem } }) as Docker;
}
