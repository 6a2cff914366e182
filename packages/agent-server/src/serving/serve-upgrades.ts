import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { Tunnels } from '../loopback/tunnels.js';
import type { LazyNetwork } from '../network/lazy-network.js';
import { UPLINK_PROTOCOL } from '../protocol.js';
import { refuseUpgrade } from './refuse-upgrade.js';

/** What a connection can be upgraded to: a tunnel to a port in here, or the uplink, on which the agent asks and Muster answers. */
export function serveUpgrades(http: Server, network: LazyNetwork): void {
  const tunnels = new Tunnels();
  http.on('upgrade', (request: IncomingMessage, client: Duplex, head: Buffer) => {
    client.on('error', () => undefined);
    if (isUplink(request)) {
      void network.load().then(({ uplinks }) => {
        uplinks.take(client, head);
      });
    } else if (!tunnels.take(request, client, head)) refuseUpgrade(client, '404 Not Found');
  });
}

const isUplink = ({ method, url, headers }: IncomingMessage): boolean =>
  method === 'GET' && url === '/v1/uplink' && headers.upgrade === UPLINK_PROTOCOL;
