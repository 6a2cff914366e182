import type { JsonObject } from '../../domain/json.js';
import type { Spawn } from '../../domain/projects/spawn.js';

/** As it stands in a seat and in the instance made for it. */
export interface SpawnRecord extends Omit<Spawn, 'metadata'> {
  /** JSON text: names in it are the caller's, and may mean something to the database. */
  readonly metadata: string;
}

export const toSpawn = ({ metadata, ...rest }: SpawnRecord): Spawn => ({
  ...rest,
  metadata: JSON.parse(metadata) as JsonObject,
});

export const fromSpawn = ({ metadata, ...rest }: Spawn): SpawnRecord => ({
  ...rest,
  metadata: JSON.stringify(metadata),
});
