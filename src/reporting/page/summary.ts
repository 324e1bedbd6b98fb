import type { SweepTable } from '../../experiment/table.js';
import type { StudyDirectory } from '../../run/store-directory.js';
import { detailsTable, phasesTable, typesTable } from '../result-tables.js';
import { tablesOf } from '../study-tables.js';
import type { Table } from '../table.js';
import { isMatrixTable } from '../table-view.js';
import { html, type Markup } from './markup.js';
import { tableHtml } from './table-html.js';

/** The tables and figures of a study or a sweep. */
export interface Summary {
  /** The first is shown, the others open by a click. */
  tables: Table[];
  figures: Figure[];
}

export interface Figure {
  caption: string;
  svg: string;
}

/** @param study null of a sweep, which keeps less @param data where the data lies, if it was moved */
export async function summaryOf(
  table: SweepTable,
  study: StudyDirectory | null,
  data: string | undefined,
): Promise<Summary> {
  const tables =
    study === null
      ? [phasesTable(table, 'status'), detailsTable(table), typesTable(table)]
      : (await tablesOf(study, table, undefined, data)).map(one => one.table);
  return { tables, figures: await figuresOf(table) };
}

async function figuresOf(table: SweepTable): Promise<Figure[]> {
  // Loaded here because the plotting library takes half a second.
  const { learningCurveSvg } = await import('../learning-curve.js');
  const { trainingCurvesSvg } = await import('../training-curves.js');
  const hasCurves = table.rows.some(({ trainings }) => trainings.some(({ curve }) => curve.length > 0));
  return [
    ...(isMatrixTable(table)
      ? []
      : [{ caption: 'Learning curve: F1 by training sentences of the target', svg: learningCurveSvg(table) }]),
    ...(hasCurves ? [{ caption: 'Losses and F1 after each epoch', svg: trainingCurvesSvg(table) }] : []),
  ];
}

/** The results of a study or a sweep: its tables, what they are, and its figures. */
export function summarySection({ tables, figures }: Summary): Markup {
  const [first, ...others] = tables.filter(({ rows }) => rows.length > 0);
  const named = { namesRows: false };
  return html`<section id="results" aria-labelledby="results-head">
<h2 id="results-head">Results</h2>
${first === undefined ? null : tableHtml(first, named)}
${others.map(({ signature: _, ...table }) => html`<details><summary>${table.title}</summary>${tableHtml(table, named)}</details>\n`)}
${figures.map(figureHtml)}
</section>
`;
}

/** A picture as a picture, and not as a part of the page: its styles and ids are its own, and nothing in it can act. */
export function figureHtml({ caption, svg }: Figure): Markup {
  const source = `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`;
  return html`<figure><img src="${source}" alt="${caption}. The numbers are in the tables." width="960" height="560"><figcaption>${caption}</figcaption></figure>\n`;
}
