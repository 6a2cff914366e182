import type { Duplex } from 'node:stream';

/** @param status such as `404 Not Found` */
export function refuseUpgrade(client: Duplex, status: string): void {
  client.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}
