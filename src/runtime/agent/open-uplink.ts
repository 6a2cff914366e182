import { performServerHandshake, type ServerSessionOptions } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { Uplink, UplinkHandler } from '../../domain/runtime/uplink.js';
import { UPLINK_PROTOCOL } from './agent-protocol.js';
import { Http2Uplink } from './http2-uplink.js';
import { upgradeStream } from './upgrade-stream.js';
import { WatchedStream } from './watched-stream.js';

const OPEN_TIMEOUT_MS = 5_000;
/** Connections at once. agent-server has further ones wait. */
const MOST_STREAMS = 128;
/** What may be on its way to who does not read: for each connection, and for all that one agent has. */
const WINDOW_BYTES = 64 * 1024;
const MOST_MEMORY_MIB = 16;
/** A name and a port; nothing else is read. */
const MOST_HEADER_BYTES = 4 * 1024;
const MOST_HEADERS = 16;
/** So many frames that make no sense, and it is closed. */
const MOST_INVALID = 50;

const LIMITS: ServerSessionOptions = {
  maxSessionMemory: MOST_MEMORY_MIB,
  maxHeaderListPairs: MOST_HEADERS,
  maxSessionInvalidFrames: MOST_INVALID,
  maxSessionRejectedStreams: MOST_INVALID,
  settings: {
    enablePush: false,
    maxConcurrentStreams: MOST_STREAMS,
    initialWindowSize: WINDOW_BYTES,
    maxHeaderListSize: MOST_HEADER_BYTES,
  },
};

/**
 * Has an agent-server ask on a stream of its own, and answers: HTTP/2, of which this side is the server although it dialled. Everything that
 * comes is hostile, and bounded by the protocol's own limits.
 * @throws AgentUnreachableError when it does not
 */
export async function openUplink(container: string, stream: Duplex, handler: UplinkHandler): Promise<Uplink> {
  const upgraded = await upgradeStream(container, stream, {
    path: '/v1/uplink',
    protocol: UPLINK_PROTOCOL,
    timeoutMs: OPEN_TIMEOUT_MS,
  });
  const uplink = new Http2Uplink(container, handler);
  const watched = new WatchedStream(upgraded, () => {
    uplink.close();
  });
  uplink.serve(performServerHandshake(watched, LIMITS));
  return uplink;
}
