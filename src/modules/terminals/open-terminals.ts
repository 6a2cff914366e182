import { Injectable, Logger, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { Authenticator } from '../../domain/identity/authenticator.js';
import { holds } from '../../domain/identity/principal.js';
import type { Actor } from '../../domain/events/actor.js';
import type { TerminalId } from '../../domain/ids.js';
import type { Terminal, TerminalEnd } from '../../domain/terminals/terminal.js';
import { TerminalRecords } from '../../domain/terminals/terminal-records.js';
import { Draining } from '../../platform/http/draining.js';
import { newOwner } from '../../platform/leases/new-owner.js';
import type { TerminalLine } from './terminal-line.js';
import { TerminalSettings } from './terminal-settings.js';

interface OpenTerminal {
  readonly terminal: Terminal;
  readonly line: Pick<TerminalLine, 'finish'>;
  closedBy: Actor | null;
}

/** The terminals that this process carries: it says again and again that it is there, and closes those that are to be closed. */
@Injectable()
export class OpenTerminals implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly owner = newOwner();
  private readonly logger = new Logger(OpenTerminals.name);
  private readonly open = new Map<TerminalId, OpenTerminal>();
  private readonly owned = new Set<TerminalId>();
  private readonly endings = new Set<Promise<unknown>>();
  private timers: NodeJS.Timeout[] = [];

  constructor(
    private readonly records: TerminalRecords,
    private readonly authenticator: Authenticator,
    private readonly draining: Draining,
    private readonly settings: TerminalSettings,
  ) {}

  onApplicationBootstrap(): void {
    const { renewEveryMs, closeLookEveryMs, accessEveryMs, ownedMs } = this.settings;
    const every = (ms: number, work: () => Promise<void>): NodeJS.Timeout =>
      setInterval(() => void this.attempt(work), ms).unref();
    this.timers = [
      every(renewEveryMs, () => this.records.renew(this.owner, [...this.owned], ownedMs)),
      every(closeLookEveryMs, () => this.closeAsAsked()),
      every(accessEveryMs, () => this.closeWithoutAccess()),
    ];
    this.draining.signal.addEventListener('abort', () => {
      for (const { line } of this.open.values()) line.finish('shutting-down');
    });
  }

  /** Requests in flight are finished by now, and so are connections; what they left in containers is being ended. */
  async beforeApplicationShutdown(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    await Promise.allSettled(this.endings);
  }

  /** Shutting down waits for this. */
  keepUntil(ending: Promise<unknown>): void {
    this.endings.add(ending);
    const forget = (): void => {
      this.endings.delete(ending);
    };
    ending.then(forget, forget);
  }

  /** From now on it is said of this terminal that this process is there for it; what nobody carries any more lapses, and is swept. */
  own(id: TerminalId): void {
    this.owned.add(id);
  }

  disown(id: TerminalId): void {
    this.owned.delete(id);
  }

  /** Whether this process is there for it, whatever the database says. */
  owns(id: TerminalId): boolean {
    return this.owned.has(id);
  }

  enter(terminal: Terminal, line: Pick<TerminalLine, 'finish'>): void {
    this.open.set(terminal.id, { terminal, line, closedBy: null });
    if (this.draining.signal.aborted) line.finish('shutting-down');
  }

  /** @returns who asked for its end, if anybody did */
  leave(id: TerminalId): Actor | null {
    const closedBy = this.open.get(id)?.closedBy ?? null;
    this.open.delete(id);
    return closedBy;
  }

  /** Closes a terminal, if this process carries it. */
  close(id: TerminalId, by: Actor, end: TerminalEnd = 'closed-by-request'): void {
    const found = this.open.get(id);
    if (found === undefined) return;
    found.closedBy = by;
    found.line.finish(end);
  }

  /** Somebody may have asked another process. */
  private async closeAsAsked(): Promise<void> {
    for (const { id, by } of await this.records.findToClose(this.owner)) this.close(id, by);
  }

  /** A key that was revoked, has expired, or may no more: within the time that a verified key is trusted. */
  private async closeWithoutAccess(): Promise<void> {
    for (const { terminal, line } of [...this.open.values()]) {
      const found = await this.authenticator.recall(terminal.tenantId, terminal.apiKeyId);
      if (found.kind === 'refused' || !holds(found.principal, 'runs:execute')) line.finish('access-lost');
    }
  }

  private async attempt(work: () => Promise<void>): Promise<void> {
    if (this.owned.size === 0) return;
    try {
      await work();
    } catch (error) {
      this.logger.warn({ msg: 'open terminals could not be looked after; it is tried again', err: error });
    }
  }
}
