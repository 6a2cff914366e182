import type { ContainerAddress, ContainerRuntime, Shortcoming } from '../../src/domain/runtime/container-runtime.js';
import type { RuntimeSpec } from '../../src/domain/runtime/runtime-spec.js';
import { all, SpecBuilder, take, type AgentKind, type RuntimeHarness } from './runtime-harness.js';

export interface TestContainer {
  readonly id: string;
  readonly spec: RuntimeSpec;
  readonly runtime: ContainerRuntime;
}

/** What the parts of the contract share. Its fields are set before the first test. */
export class ContractContext {
  harness!: RuntimeHarness;
  specs!: SpecBuilder;
  sut!: ContainerRuntime;

  async begin(prepare: () => Promise<RuntimeHarness>): Promise<void> {
    this.harness = await prepare();
    this.specs = await SpecBuilder.create(this.harness.isolation);
    this.sut = this.harness.runtime();
  }

  async end(): Promise<void> {
    for (const { id } of await this.sut.list(this.specs.installation)) await this.sut.remove(id);
    await this.harness.clean();
    await this.specs.clean();
  }

  async created(kind: AgentKind = 'serving'): Promise<TestContainer> {
    const runtime = this.harness.runtime(kind);
    const spec = this.specs.build(await runtime.resolveImage(this.harness.image(kind)));
    return { id: await runtime.create(spec), spec, runtime };
  }

  async started(kind: AgentKind = 'serving'): Promise<TestContainer> {
    const container = await this.created(kind);
    await container.runtime.start(container.id);
    return container;
  }

  /** Resolves when a container that ends by itself has ended. */
  async ended(runtime: ContainerRuntime, id: string): Promise<void> {
    await take(runtime.logs(id, { follow: true, signal: this.patience() }), all);
    while ((await runtime.inspect(id))?.state === 'running') await runtime.info();
  }

  lacks(feature: Shortcoming['feature']): boolean {
    return this.harness.lacks.includes(feature);
  }

  address({ id, spec }: Pick<TestContainer, 'id' | 'spec'>): ContainerAddress {
    return { id, privateFolder: spec.privateFolder };
  }

  patience(): AbortSignal {
    return AbortSignal.timeout(30_000);
  }
}
