import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';

/** Names what holds leases: where it runs, for who reads it, and never again the same. */
export const newOwner = (): string => `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`;
