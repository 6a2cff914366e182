import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import canonicalize from 'canonicalize';
import { expect } from '@jest/globals';
import type { Db, ObjectId } from 'mongodb';
import type { Lifecycle } from '../../src/domain/lifecycle/lifecycle.js';
import type { MusterProcess } from '../support/muster-process.js';

export interface Instance {
  readonly _id: ObjectId;
  readonly lifecycle: Lifecycle;
  readonly removedAt: Date | null;
}

/** As GET /audit/events gives it. */
interface Entry {
  readonly seq: number;
  readonly prevHash: string;
  readonly hash: string;
  readonly signature: string;
  readonly keyId: string;
}

/** Of one thing: each of these types, as often as it is in the log. */
async function countsOf(db: Db, id: string, types: readonly string[]): Promise<number[]> {
  const logged = await db
    .collection('event_log')
    .find({ 'subject.id': id, type: { $in: [...types] } })
    .toArray();
  expect(new Set(logged.map(({ eventId }) => String(eventId))).size).toBe(logged.length);
  return types.map((type) => logged.filter((entry) => entry['type'] === type).length);
}

/**
 * What was asked for is in the log once. `accepted` are the requests that were answered with 202, by agent: one whose answer a kill cut off
 * may have been accepted, too.
 */
export async function everyRequestIsLoggedOnce(db: Db, accepted: ReadonlyMap<string, number>): Promise<void> {
  const agents = await db.collection<Instance>('agent_instances').find({}).toArray();
  for (const { _id, lifecycle, removedAt } of agents) {
    const id = _id.toHexString();
    const types = ['lifecycle.requested', 'agent.snapshot.restored', 'agent-instance.created', 'agent.forked'];
    const counts = (await countsOf(db, id, types)) as [number, number, number, number];
    const [requested, restored, created, forked] = counts;
    // Every accepted request raises the generation by one.
    expect([id, requested + restored, created + forked]).toEqual([id, lifecycle.desired.generation, 1]);
    expect(requested + restored).toBeGreaterThanOrEqual(accepted.get(id) ?? 0);
    const gone = await db
      .collection('event_log')
      .countDocuments({ 'subject.id': id, type: 'lifecycle.transitioned', 'data.to': 'removed' });
    expect([id, gone]).toEqual([id, removedAt === null ? 0 : 1]);
  }
  for (const { _id, state } of await db.collection('agent_snapshots').find({}).toArray()) {
    const types = ['agent.snapshot.created', 'agent.snapshot.failed', 'agent.snapshot.deleted'];
    const [created, failed, deleted] = (await countsOf(db, _id.toHexString(), types)) as [number, number, number];
    expect([state, created + failed, deleted]).toEqual([state, 1, state === 'deleted' ? 1 : 0]);
    if (state !== 'deleted') expect([state, created]).toEqual([state, state === 'ready' ? 1 : 0]);
  }
  const projects = await db.collection('projects').find({}).toArray();
  const seats = projects.flatMap((project) => project['roleAssignments'] as { forkedFrom?: object | null }[]);
  const forks = await db.collection('event_log').countDocuments({ type: 'agent.forked' });
  expect([seats.length, seats.filter(({ forkedFrom = null }) => forkedFrom !== null).length]).toEqual([
    agents.length,
    forks,
  ]);
}

/** Hashes, chain and signatures. @returns how many entries there are */
export async function theLogVerifies(muster: MusterProcess, dataDir: string): Promise<number> {
  const key = createPublicKey(await readFile(join(dataDir, 'keys/signing.pem'), 'utf8'));
  const signers = new Set<string>();
  let prevHash = '0'.repeat(64);
  let seq = 0;
  for (let after = 0; ;) {
    const { body } = await muster.call('GET', `/audit/events?limit=200&after=${after}`);
    for (const { hash, signature, keyId, ...hashed } of body.items as Entry[]) {
      seq += 1;
      signers.add(keyId);
      expect([hashed.seq, hashed.prevHash]).toEqual([seq, prevHash]);
      expect(createHash('sha256').update(canonicalize(hashed)!).digest('hex')).toBe(hash);
      expect(verify(null, Buffer.from(hash, 'hex'), key, Buffer.from(signature, 'base64url'))).toBe(true);
      prevHash = hash;
    }
    if (body.nextCursor === null) break;
    after = Number(body.nextCursor);
  }
  expect(signers.size).toBe(1);
  return seq;
}
