import type { Destination } from '../network/destination.js';
import type { Tunnel } from './tunnel.js';

/** Why a connection that an agent asked for was not made. */
export const CALL_REFUSALS = [
  /** Neither its manifest nor the operator allow it, or there is no such agent or port. */
  'not-allowed',
  /** Nobody knows an address of that name. */
  'no-address',
  /** Its addresses are none that agents may reach. */
  'address-refused',
  /** Nobody answers there. */
  'unreachable',
  'timeout',
  /** The agent that it is for does not run. */
  'peer-not-running',
  /** More than an agent may have at once, or ask for in a second. */
  'too-many',
  /** Muster cannot say, or is ending. */
  'unavailable',
] as const;
export type CallRefusal = (typeof CALL_REFUSALS)[number];

/** One connection that an agent asks for. Until it is accepted nothing is read of it. */
export abstract class UplinkCall {
  abstract readonly destination: Destination;
  /** Aborted when the agent breaks it off, or is gone; not when all of it was said. */
  abstract readonly gone: AbortSignal;
  /** From here on it is carried. To be called once, instead of `refuse`. */
  abstract accept(): Tunnel;
  /** Does nothing when it is accepted already. */
  abstract refuse(why: CallRefusal): void;
}

/** Decides what an agent may reach. It is told of one agent alone, and by the connection it knows which. */
export interface UplinkHandler {
  /** The ports at which a name is to be reached; none: this agent knows no such name. A rejection is a "not now". */
  portsOf(name: string): Promise<readonly number[]>;
  /** Resolves when the connection is over or refused, whatever came of it. */
  carry(call: UplinkCall): Promise<void>;
}

/** What an agent asks for is taken on it, until it is closed. */
export abstract class Uplink {
  /** Resolves when it is closed, by whomever. */
  abstract readonly closed: Promise<void>;
  /** With every connection on it. */
  abstract close(): void;
}
