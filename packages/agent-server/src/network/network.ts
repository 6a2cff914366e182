import { carryOut } from './carry-out.js';
import { CarriedNames } from './carried-names.js';
import { NameServer, type NameServerAddress } from './name-server.js';
import { Uplinks } from './uplinks.js';

/** The agent's way out, of which Muster decides: names, and connections to them. */
export class Network {
  readonly uplinks = new Uplinks();
  private readonly names = new CarriedNames(
    async (name) => this.uplinks.portsOf(name),
    (client, name, port) => void carryOut(client, name, port, this.uplinks),
  );

  serveNames(address: NameServerAddress): void {
    new NameServer(async (name) => this.names.addressOf(name)).listen(address);
  }
}
