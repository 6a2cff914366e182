import { Injectable } from '@nestjs/common';
import { PoolDemands } from '../../../domain/pool/pool-demands.repository.js';
import type { PoolSpec } from '../../../domain/pool/pool-spec.js';

interface Note {
  readonly spec: PoolSpec;
  readonly uses: Date[];
}

/** What was asked for since the last look. Written down later, together: a start has better use for the time. */
@Injectable()
export class PoolDemandNotes {
  private notes = new Map<string, Note>();
  /** When the last one was made, by the monotonic clock. */
  private lastAt = -Infinity;
  private listener = (): void => undefined;

  constructor(private readonly demands: PoolDemands) {}

  note(pool: string, spec: PoolSpec): void {
    const note = this.notes.get(pool) ?? { spec, uses: [] };
    note.uses.push(new Date());
    this.notes.set(pool, note);
    this.lastAt = performance.now();
    this.listener();
  }

  /** Told of each note. */
  onNote(listener: () => void): void {
    this.listener = listener;
  }

  quietForMs(): number {
    return performance.now() - this.lastAt;
  }

  async flush(): Promise<void> {
    const { notes } = this;
    this.notes = new Map();
    for (const [pool, { spec, uses }] of notes) await this.demands.note(pool, spec, uses);
  }
}
