import type { Tunnel } from './tunnel.js';

/**
 * Passes on what each of them says to the other, until both directions have ended or one broke, or somebody is gone; closed are both then. Who
 * does not read makes the other wait.
 * @throws AgentUnreachableError when one breaks
 */
export async function joinTunnels(one: Tunnel, other: Tunnel, gone: AbortSignal): Promise<void> {
  const close = (): void => {
    one.close();
    other.close();
  };
  gone.addEventListener('abort', close, { once: true });
  try {
    if (!gone.aborted) await Promise.all([passOn(one, other), passOn(other, one)]);
  } finally {
    gone.removeEventListener('abort', close);
    close();
  }
}

async function passOn(from: Tunnel, to: Tunnel): Promise<void> {
  for await (const piece of from.output) await to.write(piece);
  to.end();
}
