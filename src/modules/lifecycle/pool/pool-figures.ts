import { Injectable } from '@nestjs/common';

export interface PoolFigure {
  hits: number;
  misses: number;
  ready: number;
  preparing: number;
}

/** What this process knows of each pool. `ready` and `preparing` are as the filler last saw them. */
@Injectable()
export class PoolFigures {
  private readonly figures = new Map<string, PoolFigure>();

  get all(): ReadonlyMap<string, Readonly<PoolFigure>> {
    return this.figures;
  }

  claimed(pool: string, hit: boolean): void {
    this.of(pool)[hit ? 'hits' : 'misses'] += 1;
  }

  seen(counts: ReadonlyMap<string, Pick<PoolFigure, 'ready' | 'preparing'>>): void {
    for (const figure of this.figures.values()) Object.assign(figure, { ready: 0, preparing: 0 });
    for (const [pool, count] of counts) Object.assign(this.of(pool), count);
  }

  private of(pool: string): PoolFigure {
    const figure = this.figures.get(pool) ?? { hits: 0, misses: 0, ready: 0, preparing: 0 };
    this.figures.set(pool, figure);
    return figure;
  }
}
