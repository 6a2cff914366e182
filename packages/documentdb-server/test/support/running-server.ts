import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient, type MongoClientOptions } from 'mongodb';
import { create, type CreateOptions, type DocumentDbServer } from '../../src/index.js';

/** A server on a folder of its own, with what a test opened on it; everything goes with `dispose`. */
export class RunningServer {
  private readonly clients: MongoClient[] = [];

  private constructor(
    readonly dataDir: string,
    public server: DocumentDbServer,
  ) {}

  static async start(options: Partial<CreateOptions> = {}): Promise<RunningServer> {
    const dataDir = await mkdtemp(join(tmpdir(), 'documentdb-server-'));
    try {
      return new RunningServer(dataDir, await create({ dataDir, durable: false, ...options }));
    } catch (error) {
      await rm(dataDir, { recursive: true, force: true });
      throw error;
    }
  }

  async connect(options: MongoClientOptions = {}): Promise<MongoClient> {
    const client = await new MongoClient(this.server.uri, options).connect();
    this.clients.push(client);
    return client;
  }

  async restart(options: Partial<CreateOptions> = {}): Promise<void> {
    this.server = await create({ dataDir: this.dataDir, durable: false, ...options });
  }

  async dispose(): Promise<void> {
    await Promise.all(this.clients.map(async (client) => client.close()));
    await this.server.stop();
    await rm(this.dataDir, { recursive: true, force: true });
  }
}
