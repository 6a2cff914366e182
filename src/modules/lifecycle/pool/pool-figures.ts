import { Injectable } from '@nestjs/common';

export interface PoolFigure {
  ready: number;
  preparing: number;
}

/** The warm containers of each pool, as the filler last saw them. */
@Injectable()
export class PoolFigures {
  private readonly figures = new Map<string, PoolFigure>();

  get all(): ReadonlyMap<string, Readonly<PoolFigure>> {
    return this.figures;
  }

  seen(counts: ReadonlyMap<string, Pick<PoolFigure, 'ready' | 'preparing'>>): void {
    for (const figure of this.figures.values()) Object.assign(figure, { ready: 0, preparing: 0 });
    for (const [pool, count] of counts) Object.assign(this.of(pool), count);
  }

  private of(pool: string): PoolFigure {
    const figure = this.figures.get(pool) ?? { ready: 0, preparing: 0 };
    this.figures.set(pool, figure);
    return figure;
  }
}
