import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import type Docker from 'dockerode';
import type { Db, Document, Filter } from 'mongodb';
import { engine, engineMissing } from './engine.js';
import { eventually } from './eventually.js';

/** A Muster, as a test knows it. */
export interface Ground {
  readonly database: { readonly db: Db };
  readonly dataDir: string;
}

/** Folders that the test has named; else those below `dataDir`. */
export interface OwnFolders {
  readonly artifactsDir?: string;
  readonly snapshotsDir?: string;
}

const INSTALLATION = 'io.muster.installation';
/** The longest of them: what a quota counts is put right each minute, should the news that it is free have been lost. */
const WITHIN_MS = 40_000;
const PAST = { $lte: new Date(0) };

/** By collection: what is there only as long as somebody is at work with an agent. */
const AT_WORK: Readonly<Record<string, readonly Filter<Document>[]>> = {
  agent_instances: [
    { removedAt: null },
    // A lease that was given back ends at the beginning of time, so that its epoch is never given twice.
    ...['lifecycle.lease', 'lifecycle.ports.lease', 'lifecycle.uplink.lease'].map((lease) => ({
      [lease]: { $type: 'object' },
      [`${lease}.until`]: { $not: PAST },
    })),
    { 'lifecycle.replicas.0': { $exists: true } },
    { 'lifecycle.uses.0': { $exists: true } },
    { 'openRuns.0': { $exists: true } },
  ],
  projects: [{ 'pendingSnapshots.0': { $exists: true } }],
  pool_containers: [{}],
  runs: [{ status: { $in: ['queued', 'running'] } }],
  terminals: [{ state: { $ne: 'ended' } }],
  mcp_sessions: [{ state: { $ne: 'ended' } }],
  agent_snapshots: [{ state: 'pending' }],
};

/**
 * What an engine has that no Muster of this test made. Taken before the test begins, it shows afterwards what was left there.
 */
export class Before {
  private constructor(
    private readonly docker: Docker | null,
    private readonly networks: ReadonlySet<string>,
    private readonly volumes: ReadonlySet<string>,
  ) {}

  /** @param docker the usual one unless given, where there is one */
  static async on(docker: Docker | null = engineMissing === null ? engine : null): Promise<Before> {
    if (docker === null) return new Before(null, new Set(), new Set());
    const [networks, volumes] = await Promise.all([networksOf(docker), volumesOf(docker)]);
    return new Before(docker, new Set(networks), new Set(volumes.map(({ Name }) => Name)));
  }

  /**
   * Waits until nothing is left of a Muster's agents, all of which have been destroyed; that Muster is still there, to do it.
   *
   * What stays, and is meant to: documents of what was (agents, runs, snapshots, the log), archives and images of snapshots that
   * nobody deleted, Muster's keys and checkpoints, its copy of /Agent, the folders of projects with nothing in them, and the
   * leases of processes for themselves (who appends to the log, who fills the pool).
   */
  async expectNothingLeft(ground: Ground, folders: OwnFolders = {}): Promise<void> {
    await eventually(async () => {
      const { db } = ground.database;
      const left = [
        this.docker === null ? [] : await this.onEngine(this.docker, db),
        await inFolders(ground, folders),
        await inDatabase(db),
      ].flat();
      expect(left).toEqual([]);
    }, WITHIN_MS);
  }

  private async onEngine(docker: Docker, db: Db): Promise<string[]> {
    // None: nobody has asked this Muster for anything yet.
    const record = await db.collection('installations').findOne({});
    const installation = (record?.['installationId'] as string | undefined) ?? 'none';
    const filters = { label: [`${INSTALLATION}=${installation}`] };
    const [containers, images, networks, volumes, kept] = await Promise.all([
      docker.listContainers({ all: true, filters }),
      docker.listImages({ filters }),
      networksOf(docker),
      volumesOf(docker),
      snapshotsKept(db),
    ]);
    const unknown = images
      .flatMap(({ RepoTags, Id }) => RepoTags ?? [Id])
      .filter((name) => !kept.has(name.replace('muster/snapshot:', '')));
    // Those of another installation are another test's, or a user's.
    const isOurs = ({ Labels }: Volume): boolean => [undefined, installation].includes(Labels?.[INSTALLATION]);
    return [
      ...containers.map(({ Names, State }) => `container ${Names.join()}, ${State}`),
      ...unknown.map((name) => `image ${name}`),
      ...networks.filter((id) => !this.networks.has(id)).map((id) => `network ${id}`),
      ...volumes
        .filter((volume) => isOurs(volume) && !this.volumes.has(volume.Name))
        .map(({ Name }) => `volume ${Name}`),
    ];
  }
}

const networksOf = async (docker: Docker): Promise<string[]> =>
  (await docker.listNetworks()).map(({ Name, Id }) => `${Name} ${Id}`);

/** null where there is none, which its types do not know. */
interface Volume {
  readonly Name: string;
  readonly Labels: Readonly<Record<string, string>> | null;
}

const volumesOf = async (docker: Docker): Promise<readonly Volume[]> => {
  const { Volumes } = (await docker.listVolumes()) as { readonly Volumes: readonly Volume[] | null };
  return Volumes ?? [];
};

const snapshotsKept = async (db: Db): Promise<ReadonlySet<string>> =>
  new Set(
    (await db.collection('agent_snapshots').find({ state: 'ready' }).toArray()).map(({ _id }) => _id.toHexString()),
  );

async function inFolders(
  { database, dataDir }: Ground,
  { artifactsDir: artifacts = join(dataDir, 'artifacts'), snapshotsDir = join(dataDir, 'snapshots') }: OwnFolders,
): Promise<string[]> {
  const [kept, projects] = await Promise.all([snapshotsKept(database.db), namesIn(artifacts)]);
  const ofAgents = projects.flatMap((project) => ['workspaces', 'code'].map((kind) => join(artifacts, project, kind)));
  const emptied = [
    join(dataDir, 'run'),
    join(dataDir, 'runtime/process/containers'),
    join(artifacts, 'pool'),
    ...ofAgents,
  ];
  const found = await Promise.all(
    emptied.map(async (folder) => (await namesIn(folder)).map((name) => `folder ${join(folder, name)}`)),
  );
  const archives = (await namesIn(snapshotsDir))
    .filter((name) => !kept.has(name.replace(/\.tar$/, '')))
    .map((name) => `archive ${name}`);
  const sockets = (await readdir(dataDir, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isSocket())
    .map(({ parentPath, name }) => `socket ${join(parentPath, name)}`);
  return [...found.flat(), ...archives, ...sockets];
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function inDatabase(db: Db): Promise<string[]> {
  const atWork = await Promise.all(
    Object.entries(AT_WORK).flatMap(([collection, filters]) =>
      filters.map(async (filter) => counted(db, `${collection} ${JSON.stringify(filter)}`, collection, filter)),
    ),
  );
  const names = (await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name);
  const outboxes = await Promise.all(
    names.map(async (name) => counted(db, `outbox of ${name}`, name, { 'outbox.0': { $exists: true } })),
  );
  const ledgers = await db.collection('quota_ledgers').find({}).toArray();
  const held = ledgers.flatMap((ledger) => Object.keys((ledger['held'] as object | undefined) ?? {}));
  return [...atWork.flat(), ...outboxes.flat(), ...held.map((key) => `quota's place ${key}`)];
}

async function counted(db: Db, what: string, collection: string, filter: Filter<Document>): Promise<string[]> {
  const count = await db.collection(collection).countDocuments(filter);
  return count === 0 ? [] : [`${count} in ${what}`];
}
