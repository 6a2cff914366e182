import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { Tunnels } from '../loopback/tunnels.js';
import type { LazyPrograms } from '../exec/lazy-programs.js';
import type { LazyNetwork } from '../network/lazy-network.js';
import { EXEC_PROTOCOL, UPLINK_PROTOCOL } from '../protocol.js';
import { refuseUpgrade } from './refuse-upgrade.js';

/**
 * What a connection can be upgraded to: a program, a tunnel to a port in here, or the uplink, on which the agent asks and Muster
 * answers.
 */
export function serveUpgrades(http: Server, network: LazyNetwork, programs: LazyPrograms): void {
  const tunnels = new Tunnels();
  http.on('upgrade', (request: IncomingMessage, client: Duplex, head: Buffer) => {
    client.on('error', () => undefined);
    if (isFor(request, '/v1/uplink', UPLINK_PROTOCOL)) {
      void network.load().then(({ uplinks }) => {
        uplinks.take(client, head);
      });
    } else if (isFor(request, '/v1/exec', EXEC_PROTOCOL)) {
      void programs.load().then(async (loaded) => loaded.take(client, head));
    } else if (!tunnels.take(request, client, head)) refuseUpgrade(client, '404 Not Found');
  });
}

const isFor = ({ method, url, headers }: IncomingMessage, path: string, protocol: string): boolean =>
  method === 'GET' && url === path && headers.upgrade === protocol;
