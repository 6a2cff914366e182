import type { TestApp } from './app.js';

export interface ScrapedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What a Muster answers its scraper. */
export class Scrape {
  private constructor(
    readonly text: string,
    readonly samples: readonly ScrapedSample[],
    /** Type of each metric that is declared, with samples or without. */
    readonly types: ReadonlyMap<string, string>,
  ) {}

  static async of(app: TestApp, key?: string): Promise<Scrape> {
    const { status, body } = await app.call('//metrics', key === undefined ? {} : { key });
    if (status !== 200) throw new Error(`/metrics answered ${status}`);
    const lines = (body as string).split('\n').filter((line) => line !== '');
    const types = lines.flatMap((line) => {
      const [, name, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
      return name === undefined || type === undefined ? [] : [[name, type] as const];
    });
    const samples = lines.filter((line) => !line.startsWith('#')).map(sampleOf);
    return new Scrape(body as string, samples, new Map(types));
  }

  /** The sum of the samples of that name with these labels. */
  value(name: string, labels: Record<string, string> = {}): number {
    return this.all(name, labels).reduce((sum, { value }) => sum + value, 0);
  }

  all(name: string, labels: Record<string, string> = {}): readonly ScrapedSample[] {
    const wanted = Object.entries(labels);
    return this.samples.filter(
      (sample) => sample.name === name && wanted.every(([label, value]) => sample.labels[label] === value),
    );
  }

  /** The declared metric that a series of this name belongs to. */
  metricOf(series: string): string | undefined {
    const base = series.replace(/_(bucket|sum|count)$/, '');
    return this.types.has(series) ? series : this.types.get(base) === 'histogram' ? base : undefined;
  }
}

function sampleOf(line: string): ScrapedSample {
  const [, name, labels = '', value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  if (name === undefined || value === undefined) throw new Error(`not a sample: ${line}`);
  const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map((match) => [match[1]!, match[2]!] as const);
  return { name, labels: Object.fromEntries(pairs), value: Number(value) };
}
