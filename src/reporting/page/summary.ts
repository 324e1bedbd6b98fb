import type { WholeSubject } from '../../experiment/whole-subject.js';
import { detailsTable, phasesTable, typesTable } from '../result-tables.js';
import { tablesOf } from '../study-tables.js';
import type { Column, Table } from '../table.js';
import { type Figure, figureHtml, studyFigures } from './figures.js';
import { html, type Markup } from './markup.js';
import { tableHtml } from './table-html.js';

/** The tables and figures of a study or a sweep. */
export interface PageSummary {
  /** The first is shown, the others open by a click. */
  tables: Table[];
  figures: Figure[];
}

/** A sweep keeps less than a study. @param data where the data lies, if it was moved */
export async function pageSummary(
  { table, study, record }: Pick<WholeSubject, 'table' | 'study' | 'record'>,
  data: string | undefined,
): Promise<PageSummary> {
  const tables =
    study === null || record === null
      ? [phasesTable(table, 'status'), detailsTable(table), typesTable(table)]
      : (await tablesOf(study, table, undefined, data, record)).map(one => one.table);
  return { tables, figures: await studyFigures(table) };
}

/** The results of a study or a sweep: its tables, what they are, and its figures. */
export function summarySection({ tables, figures }: PageSummary): Markup {
  const [first, ...others] = tables.filter(({ rows }) => rows.length > 0).map(scoresFirst);
  const named = { namesRows: false };
  return html`<section id="results" aria-labelledby="results-head">
<h2 id="results-head">Results</h2>
${first === undefined ? null : tableHtml(first, named)}
${others.map(({ signature: _, ...table }) => html`<details><summary>${table.title}</summary>${tableHtml(table, named)}</details>\n`)}
${figures.map(figureHtml)}
</section>
`;
}

/** The table with its scores right behind the texts that name its rows: on a phone they would be out of sight else. */
function scoresFirst(table: Table): Table {
  const { columns, rows } = table;
  const first = columns.findIndex(({ kind }) => kind === 'score');
  if (first < 0) return table;
  const placeOf = ({ kind }: Column, i: number) => (kind === 'text' && i < first ? 0 : kind === 'score' ? 1 : 2);
  const order = columns
    .map((column, i) => ({ i, place: placeOf(column, i) }))
    .sort((a, b) => a.place - b.place)
    .map(({ i }) => i);
  return { ...table, columns: order.map(i => columns[i]!), rows: rows.map(row => order.map(i => row[i]!)) };
}
