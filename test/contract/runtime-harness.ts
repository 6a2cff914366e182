import { createHash } from 'node:crypto';
import { mkdtemp, rm, chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newId, type InstallationId } from '../../src/domain/ids.js';
import type { AgentConfiguration } from '../../src/domain/runtime/agent-connection.js';
import type { ContainerRuntime, Shortcoming } from '../../src/domain/runtime/container-runtime.js';
import type { RuntimeSpec } from '../../src/domain/runtime/runtime-spec.js';

/** What an agent image is to do: serve; write to both streams and stay; write a line and end with code 3. */
export type AgentKind = 'serving' | 'talking' | 'ending';

/** One adapter, as the contract wants it. */
export interface RuntimeHarness {
  /** Another adapter object each time, on the same engine or state. */
  runtime(kind?: AgentKind): ContainerRuntime;
  /** The reference of the image that does so. */
  image(kind: AgentKind): string;
  readonly endpoint: 'unix' | 'exec';
  /** What its containers are isolated by. */
  readonly isolation: RuntimeSpec['isolation'];
  /** What it does less well than the contract asks. It has to say so itself, and the rest has to hold all the more. */
  readonly lacks: readonly Shortcoming['feature'][];
  /** What the runtime answers to a reference that nothing stands for. */
  readonly unknownImage: 'image-missing' | 'unsupported';
  clean(): Promise<void>;
}

/** The last of the lines that a talking agent writes at once; then it goes on with one `tick <n>` each 50 ms. */
export const TALK = { lines: 10, longLineBytes: 150_000 } as const;

/** Makes specs whose folders are gone afterwards, for one installation. */
export class SpecBuilder {
  readonly installation = newId<InstallationId>();

  private constructor(
    readonly folder: string,
    private readonly isolation: RuntimeSpec['isolation'],
  ) {}

  static async create(isolation: RuntimeSpec['isolation'] = 'runc'): Promise<SpecBuilder> {
    const folder = await mkdtemp(join(tmpdir(), 'muster-contract-'));
    await chmod(folder, 0o755);
    return new SpecBuilder(folder, isolation);
  }

  build(image: string, changes: Partial<RuntimeSpec> = {}): RuntimeSpec {
    const instance = newId<RuntimeSpec['owner']['instance']>();
    return {
      name: `muster_contract_${instance}`,
      owner: {
        installation: this.installation,
        tenant: newId<RuntimeSpec['owner']['tenant']>(),
        project: newId<RuntimeSpec['owner']['project']>(),
        instance,
        replica: 0,
      },
      specDigest: createHash('sha256').update(instance).digest('hex'),
      image,
      privateFolder: join(this.folder, 'private', instance),
      workspaceFolder: join(this.folder, 'workspaces', instance),
      limits: { cpus: 1, memoryMiB: 256, pids: 64, tmpfsMiB: 16 },
      isolation: this.isolation,
      gracePeriodSeconds: 5,
      ...changes,
    };
  }

  async clean(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

export function configurationFor(spec: RuntimeSpec, systemPrompt = 'You are web-app-dev-1.'): AgentConfiguration {
  return {
    instanceId: spec.owner.instance,
    identifier: 'web-app-dev-1',
    displayName: 'Dev',
    role: 'developer',
    soul: 'Careful.',
    aieos_identity: null,
    systemPrompt,
    tools: [],
    config: { model: 'echo-1', provider: 'echo', skills: '', canWriteCode: false, mcpServers: [] },
    digest: createHash('sha256').update(systemPrompt).digest('hex'),
  };
}

/** What an iterable gives until it ends, or until there is enough. */
export async function take<T>(items: AsyncIterable<T>, enough: (taken: readonly T[]) => boolean): Promise<T[]> {
  const taken: T[] = [];
  for await (const item of items) {
    taken.push(item);
    if (enough(taken)) break;
  }
  return taken;
}

export const all = (): boolean => false;
