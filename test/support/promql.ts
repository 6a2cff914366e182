import { parser } from '@prometheus-io/lezer-promql';

export interface Query {
  /** Series by name, with the labels they are picked by. */
  readonly series: readonly { readonly name: string; readonly labels: readonly string[] }[];
  /** Labels that the result is grouped by. */
  readonly grouping: readonly string[];
}

/** What a PromQL expression asks for. @throws when it is none */
export function readQuery(expression: string): Query {
  const text = expression.replaceAll('$__rate_interval', '5m');
  const series: { name: string; labels: string[] }[] = [];
  const grouping: string[] = [];
  parser.parse(text).iterate({
    enter(node) {
      const { type, from, to } = node;
      if (type.isError) throw new Error(`no PromQL at ${from}: ${text}`);
      const said = text.slice(from, to);
      if (type.name === 'VectorSelector') series.push({ name: '', labels: [] });
      else if (type.name === 'Identifier' && node.matchContext(['VectorSelector'])) series.at(-1)!.name = said;
      else if (type.name === 'LabelName')
        (node.matchContext(['GroupingLabels']) ? grouping : series.at(-1)!.labels).push(said);
    },
  });
  return { series, grouping };
}
