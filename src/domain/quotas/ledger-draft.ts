import type { DomainEvent } from '../events/domain-events.js';
import type { AgentInstanceId, ProjectId } from '../ids.js';
import { holdingKey, runHolding, runningHolding, seatHolding, type Holding, type HoldingKey } from './holding.js';
import { QuotaExceededError, type Excess } from './quota-exceeded.error.js';
import { replicasTaken, takesUp, type Facts, type InstanceFact } from './quota-facts.js';
import type { LedgerChange, QuotaLedger } from './quota-ledger.js';
import {
  exact,
  QUOTA_NAMES,
  type Amounts,
  type QuotaLimits,
  type QuotaName,
  type QuotaOverview,
  type QuotaState,
} from './quota.js';

/** A ledger while it is being changed, in memory. Nothing of it counts before the change is written. */
export class LedgerDraft {
  private readonly holdings: Map<HoldingKey, Holding>;
  private readonly projects: Map<ProjectId, Amounts>;
  private limits: Amounts;
  private readonly touched = new Set<HoldingKey>();
  private readonly touchedProjects = new Set<ProjectId>();
  private readonly events: DomainEvent<'quota.changed'>[] = [];
  private readonly sums = new Map<ProjectId | null, Record<QuotaName, number>>();

  /** @param graceMs how long a claim may wait for the write that it was made for */
  constructor(
    private readonly ledger: QuotaLedger,
    private readonly defaults: QuotaLimits,
    private readonly graceMs: number,
  ) {
    this.holdings = new Map(ledger.holdings);
    this.projects = new Map(ledger.projects);
    this.limits = ledger.limits;
    for (const holding of this.holdings.values()) this.count(holding, 1);
  }

  /** All of it or nothing. What a holding of the same id has already is not asked for again. @throws QuotaExceededError */
  claim(holdings: readonly Holding[]): void {
    const excesses = this.excesses(holdings);
    if (excesses[0] !== undefined) throw new QuotaExceededError([excesses[0], ...excesses.slice(1)]);
    for (const holding of holdings) this.put(holding);
  }

  release(keys: readonly HoldingKey[]): void {
    for (const key of keys) this.drop(key);
  }

  /** Gives back what these instances, as they were found, do not take up any more. Takes nothing. */
  settle(instances: readonly InstanceFact[], now: Date): void {
    for (const fact of instances) {
      if (fact.removedAt !== null) this.drop(holdingKey({ kind: 'seat', id: fact.id }));
      const held = this.holdings.get(holdingKey({ kind: 'running', id: fact.id }));
      if (held === undefined || this.awaitsItsWrite(held, fact, now)) continue;
      if (!takesUp(fact)) this.drop(holdingKey(held));
      else if (replicasTaken(fact.lifecycle) < (held.amounts.replicas ?? 0)) this.put(runningOf(fact, now));
    }
  }

  /** Puts it right by all the facts of the tenant, which have to be read after the ledger. */
  recount(facts: Facts, now: Date): void {
    const instances = new Map(facts.instances.map((fact) => [fact.id, fact]));
    const pending = new Set(facts.pending.map(({ id }) => id));
    const runs = new Map(facts.runs.map((run) => [run.id as string, run]));
    this.settle(facts.instances, now);
    for (const held of [...this.holdings.values()]) {
      const id = held.id as AgentInstanceId;
      const isThere = held.kind === 'run' ? runs.get(held.id)?.open : instances.has(id) || pending.has(id);
      const hasEnded = held.kind === 'run' && isThere === false;
      if (hasEnded || (isThere !== true && !this.isYoung(held, now))) this.drop(holdingKey(held));
    }
    for (const { id, projectId } of facts.pending) this.adopt(seatHolding(id, projectId, now));
    for (const fact of facts.instances) {
      if (fact.removedAt === null) this.adopt(seatHolding(fact.id, fact.projectId, now));
      if (takesUp(fact)) this.adoptRunning(fact, now);
    }
    for (const { id, projectId, open } of facts.runs) if (open) this.adopt(runHolding(id, projectId, now));
  }

  setLimits(limits: Amounts, event: DomainEvent<'quota.changed'>): void {
    this.limits = limits;
    this.events.push(event);
  }

  setProjectLimits(projectId: ProjectId, limits: Amounts, event: DomainEvent<'quota.changed'>): void {
    this.projects.set(projectId, limits);
    this.touchedProjects.add(projectId);
    this.events.push(event);
  }

  /** What an admin has set. */
  ownLimits(projectId: ProjectId | null): Amounts {
    return projectId === null ? this.limits : (this.projects.get(projectId) ?? {});
  }

  overview(projectId: ProjectId | null = null): QuotaOverview {
    const of = (name: QuotaName): QuotaState => {
      const tenant = this.state(name, null);
      if (projectId === null) return tenant;
      const project = this.state(name, projectId);
      return { ...project, left: Math.min(project.left, tenant.left) };
    };
    return {
      instances: of('instances'),
      replicas: of('replicas'),
      cpus: of('cpus'),
      memoryMiB: of('memoryMiB'),
      runs: of('runs'),
    };
  }

  /** Whether there is anything to write. */
  get isChanged(): boolean {
    return this.ledger.version === 0 || this.touched.size > 0 || this.events.length > 0;
  }

  get change(): LedgerChange {
    const put = [...this.touched].flatMap((key) => this.holdings.get(key) ?? []);
    return {
      put,
      drop: [...this.touched].filter((key) => !this.holdings.has(key)),
      ...(this.limits === this.ledger.limits ? {} : { limits: this.limits }),
      projects: new Map([...this.touchedProjects].map((id) => [id, this.ownLimits(id)])),
      events: this.events,
    };
  }

  /** The ledger once the change is written. */
  get written(): QuotaLedger {
    const { tenantId, version } = this.ledger;
    const { limits, projects, holdings } = this;
    return { tenantId, version: this.isChanged ? version + 1 : version, limits, projects, holdings };
  }

  private excesses(holdings: readonly Holding[]): Excess[] {
    const asked = new Map<ProjectId | null, Record<QuotaName, number>>();
    for (const holding of holdings) {
      const has = this.holdings.get(holdingKey(holding))?.amounts ?? {};
      for (const name of QUOTA_NAMES) {
        const more = (holding.amounts[name] ?? 0) - (has[name] ?? 0);
        for (const scope of [null, holding.projectId]) add(asked, scope, name, more);
      }
    }
    return [...asked].flatMap(([scope, amounts]) =>
      QUOTA_NAMES.flatMap((quota) => {
        const { limit, used, left, own } = this.state(quota, scope);
        if (scope !== null && own === null) return [];
        if (amounts[quota] <= 0 || exact(used + amounts[quota]) <= limit) return [];
        return [{ quota, scope: scope === null ? 'tenant' : 'project', limit, used, asked: amounts[quota], left }];
      }),
    );
  }

  private state(name: QuotaName, projectId: ProjectId | null): QuotaOverview[QuotaName] {
    const own = this.ownLimits(projectId)[name] ?? null;
    const tenant = this.limits[name] ?? this.defaults[name];
    const limit = Math.min(own ?? tenant, projectId === null ? Infinity : tenant);
    const used = this.sums.get(projectId)?.[name] ?? 0;
    return { limit, used, left: Math.max(0, exact(limit - used)), own };
  }

  /** The claim is older than what was found, and the write that it was made for may still be on its way. */
  private awaitsItsWrite(held: Holding, fact: InstanceFact, now: Date): boolean {
    return fact.lifecycle.desired.generation <= held.generation && fact.removedAt === null && this.isYoung(held, now);
  }

  private isYoung({ claimedAt }: Holding, now: Date): boolean {
    return now.getTime() - claimedAt.getTime() < this.graceMs;
  }

  /** Something that is there and not in the ledger. It counts, whether there is room or not. */
  private adopt(holding: Holding): void {
    if (!this.holdings.has(holdingKey(holding))) this.put(holding);
  }

  private adoptRunning(fact: InstanceFact, now: Date): void {
    const found = runningOf(fact, now);
    const held = this.holdings.get(holdingKey(found));
    if (held === undefined) this.put(found);
    else if (!sameAmounts(held.amounts, found.amounts) && !this.awaitsItsWrite(held, fact, now)) this.put(found);
  }

  private put(holding: Holding): void {
    const key = holdingKey(holding);
    this.drop(key);
    this.holdings.set(key, holding);
    this.touched.add(key);
    this.count(holding, 1);
  }

  private drop(key: HoldingKey): void {
    const held = this.holdings.get(key);
    if (held === undefined) return;
    this.holdings.delete(key);
    this.touched.add(key);
    this.count(held, -1);
  }

  private count({ projectId, amounts }: Holding, sign: 1 | -1): void {
    for (const name of QUOTA_NAMES) {
      const amount = sign * (amounts[name] ?? 0);
      if (amount !== 0) for (const scope of [null, projectId]) add(this.sums, scope, name, amount);
    }
  }
}

function add(
  sums: Map<ProjectId | null, Record<QuotaName, number>>,
  scope: ProjectId | null,
  name: QuotaName,
  amount: number,
): void {
  let sum = sums.get(scope);
  if (sum === undefined) sums.set(scope, (sum = { instances: 0, replicas: 0, cpus: 0, memoryMiB: 0, runs: 0 }));
  sum[name] = exact(sum[name] + amount);
}

/** What an instance takes up as it was found, by what is written: as if claimed before that. */
const runningOf = (fact: InstanceFact, now: Date): Holding =>
  runningHolding(fact, replicasTaken(fact.lifecycle), fact.lifecycle.desired.generation - 1, now);

const sameAmounts = (a: Amounts, b: Amounts): boolean => QUOTA_NAMES.every((name) => (a[name] ?? 0) === (b[name] ?? 0));
