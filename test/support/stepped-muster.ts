import type Docker from 'dockerode';
import { join } from 'node:path';
import { DatabaseProxy, type DatabaseCommand, type Moment } from './database-proxy.js';
import { testDatabase, type TestDatabase } from './database.js';
import { engine, ENGINE_HOST } from './engine.js';
import { MusterProcess, type Answer, type StandBy } from './muster-process.js';
import { SteppingEngineProxy } from './stepping-engine-proxy.js';
import { temporaryFolder } from './temporary-folder.js';

/** What Muster asks the engine all the time: no step of anything. */
const CHATTER = /\/(_ping|version|info|events)/;

/** Something that Muster does to the world: a call to the engine that is about to arrive, or one end of a database command. */
export type Step =
  | { readonly kind: 'engine call'; readonly call: string }
  | { readonly kind: Moment; readonly command: DatabaseCommand };

/** An agent of a project of its own. */
export interface SteppedAgent {
  readonly projectId: string;
  readonly id: string;
  /** `/projects/…/agents/…` */
  readonly path: string;
}

/**
 * Muster on a database and an engine of which it sees only proxies, so that it can be killed at any of its steps and started again
 * on what it left.
 */
export class SteppedMuster {
  private kills: Promise<void>[] = [];
  /** Loads while the one before is looked at: loading is most of what a restart takes. */
  private next: Promise<StandBy>;
  private readonly pastLogs: string[] = [];

  private constructor(
    readonly database: TestDatabase,
    private readonly folder: Awaited<ReturnType<typeof temporaryFolder>>,
    private readonly databaseProxy: DatabaseProxy,
    private readonly engineProxy: SteppingEngineProxy | null,
    private muster: MusterProcess,
    private readonly standBy: () => Promise<StandBy>,
  ) {
    this.next = standBy();
  }

  /** @param env what is set beside the usual; it has the engine where RUNTIME is docker */
  static async start(env: Record<string, string> = {}): Promise<SteppedMuster> {
    const [database, folder] = await Promise.all([testDatabase(), temporaryFolder()]);
    const databaseProxy = await DatabaseProxy.start(database.uri);
    const engineProxy =
      env['RUNTIME'] === 'docker'
        ? await SteppingEngineProxy.start(ENGINE_HOST, join(folder.path, 'engine.sock'))
        : null;
    const options = {
      mongoUri: databaseProxy.uri,
      dataDir: join(folder.path, 'data'),
      env: { ...env, ...(engineProxy === null ? {} : { DOCKER_HOST: engineProxy.host }) },
    };
    const muster = await MusterProcess.start(options);
    const standBy = async (): Promise<StandBy> => MusterProcess.standBy(options);
    return new SteppedMuster(database, folder, databaseProxy, engineProxy, muster, standBy);
  }

  /** Another one after each restart. */
  get url(): string {
    return this.muster.url;
  }

  /** Where it keeps what it keeps, unless it was told otherwise. */
  get dataDir(): string {
    return this.muster.dataDir;
  }

  /** All that it has written, the killed ones among it. */
  get log(): string {
    return [...this.pastLogs, this.muster.log].join('');
  }

  /** Was it killed, and not started again yet? */
  get isKilled(): boolean {
    return this.kills.length > 0;
  }

  async call(...request: Parameters<MusterProcess['call']>): Promise<Answer> {
    return this.muster.call(...request);
  }

  async newAgent(name: string, templateId: string): Promise<SteppedAgent> {
    const roleAssignments = [{ role: 'developer', templateId }];
    const { body } = await this.call('POST', '/projects', { name, roleAssignments });
    const { id: projectId, roleAssignments: seats } = body as { id: string; roleAssignments: { instanceId: string }[] };
    const id = seats[0]!.instanceId;
    return { projectId, id, path: `/projects/${projectId}/agents/${id}` };
  }

  /**
   * Does some work, and kills Muster at the step-th of the steps that count: it is not carried out any more, or its answer is lost, and
   * whatever comes after it. Then Muster is started again.
   * @param meanwhile what happens while it is down
   * @returns what the work came to (null when it failed), and whether it came to so many steps
   */
  async killAt<T>(
    step: number,
    counts: (step: Step) => boolean,
    work: () => Promise<T>,
    meanwhile?: () => Promise<void>,
  ): Promise<{ readonly answer: T | null; readonly killed: boolean }> {
    let seen = 0;
    const watch = (one: Step): 'pass' | 'cut' => {
      if (this.isKilled) return 'cut';
      if (!counts(one) || ++seen < step) return 'pass';
      this.kills.push(this.muster.kill());
      return 'cut';
    };
    this.databaseProxy.watcher = (command, moment) => watch({ kind: moment, command });
    if (this.engineProxy !== null)
      this.engineProxy.watcher = (call) => (CHATTER.test(call) ? 'pass' : watch({ kind: 'engine call', call }));
    // Its answer is lost with Muster.
    const answer = await work().catch((error: unknown) => {
      if (this.isKilled) return null;
      throw error;
    });
    const killed = this.isKilled;
    await Promise.all(this.kills);
    this.databaseProxy.watcher = () => 'pass';
    if (this.engineProxy !== null) this.engineProxy.watcher = () => 'pass';
    if (killed) await this.startAgain(meanwhile);
    return { answer, killed };
  }

  /** Kills it, and starts it on what it left. */
  async restart(): Promise<void> {
    await this.muster.kill();
    await this.startAgain();
  }

  /** Containers of its installation; of one agent, those whose labels name it. */
  async containers(agent?: string): Promise<Docker.ContainerInfo[]> {
    const all = await engine.listContainers({ all: true, filters: await this.labelled() });
    return all.filter(({ Labels }) => agent === undefined || Labels['io.muster.instance'] === agent);
  }

  async volumes(): Promise<string[]> {
    return (await engine.listVolumes({ filters: await this.labelled() })).Volumes.map(({ Name }) => Name);
  }

  async end(): Promise<void> {
    await Promise.all([this.muster.kill(), this.next.then(async (next) => next.kill())]);
    if (this.engineProxy !== null) {
      for (const { Id } of await this.containers()) await engine.getContainer(Id).remove({ force: true, v: true });
      await this.engineProxy.stop();
    }
    await this.databaseProxy.stop();
    await this.database.drop();
    await this.folder.remove();
  }

  private async startAgain(meanwhile?: () => Promise<void>): Promise<void> {
    this.databaseProxy.cutAll();
    this.engineProxy?.cutAll();
    this.pastLogs.push(this.muster.log);
    await this.leasesRunOut();
    await meanwhile?.();
    this.muster = await (await this.next).begin();
    this.next = this.standBy();
    this.kills = [];
  }

  /** A dead process keeps its leases until they run out; a test has no time to wait for that at every step. */
  private async leasesRunOut(): Promise<void> {
    const past = new Date(0);
    await this.database.db
      .collection('agent_instances')
      .updateMany({ 'lifecycle.lease': { $ne: null } }, { $set: { 'lifecycle.lease.until': past } });
    await this.database.db.collection('pool_leads').updateMany({}, { $set: { until: past } });
  }

  private async labelled(): Promise<{ label: string[] }> {
    const { installationId } = (await this.database.db.collection('installations').findOne({}))!;
    return { label: [`io.muster.installation=${installationId as string}`] };
  }
}
