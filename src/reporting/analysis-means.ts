import { type Analysis, byName, byTag, type Confusion } from '../evaluation/analysis/analyse.js';
import { noKinds } from '../evaluation/analysis/error-kinds.js';
import { summaryOf } from '../experiment/table.js';
import type { Cell, Table } from './table.js';

/** The same analyses, all with all types and tags that one of them has: what is not there counts 0. */
export function aligned(analyses: readonly Analysis[]): Analysis[] {
  if (analyses.length === 1) return [...analyses];
  const types = [...new Set(analyses.flatMap(({ spans }) => spans.map(({ type }) => type)))].sort(byName);
  const labelsOf = (pick: (analysis: Analysis) => Confusion) => analyses.flatMap(analysis => pick(analysis).labels);
  const tags = [...new Set(labelsOf(({ confusion }) => confusion.tags))].sort(byTag);
  const entities = types.concat(
    labelsOf(({ confusion }) => confusion.entities).filter(label => !types.includes(label)),
  );
  return analyses.map(analysis => ({
    ...analysis,
    spans: types.map(
      type => analysis.spans.find(one => one.type === type) ?? { type, true: 0, predicted: 0, correct: 0 },
    ),
    kindsByType: types.map(type => analysis.kindsByType.find(one => one.type === type) ?? { type, counts: noKinds() }),
    confusion: {
      tags: withLabels(analysis.confusion.tags, tags),
      entities: withLabels(analysis.confusion.entities, [...new Set(entities)]),
    },
  }));
}

function withLabels({ labels, counts }: Confusion, all: readonly string[]): Confusion {
  const places = all.map(label => labels.indexOf(label));
  return { labels: [...all], counts: places.map(i => places.map(j => counts[i]?.[j] ?? 0)) };
}

/**
 * Rows of the same texts together, each number as a summary of those that it is in the tables.
 *
 * @param columns of all tables
 */
export function meanRows(columns: Table['columns'], tables: readonly Pick<Table, 'rows'>[]): Cell[][] {
  const isText = columns.map(({ kind }) => kind === 'text');
  const rows = new Map<string, Cell[][]>();
  for (const row of tables.flatMap(table => table.rows)) {
    const key = JSON.stringify(row.filter((_, i) => isText[i]));
    rows.set(key, [...(rows.get(key) ?? []), [...row]]);
  }
  return Array.from(rows.values(), alike =>
    columns.map((_, i) => (isText[i] ? alike[0]![i]! : meanCell(alike.map(row => row[i]!)))),
  );
}

/** What one of them does not have, such as the F1 of a type that is neither true nor predicted, is not in the mean. */
function meanCell(cells: readonly Cell[]): Cell {
  const numbers = cells.filter(cell => typeof cell === 'number');
  return numbers.length === 0 ? null : summaryOf(numbers);
}
