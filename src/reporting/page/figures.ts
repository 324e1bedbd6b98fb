import type { AnalysedRows } from '../../experiment/analyse-subject.js';
import type { SweepTable } from '../../experiment/table.js';
import { analysisPlot } from '../analysis-plots.js';
import { isMatrixTable } from '../table-view.js';
import { html, type Markup } from './markup.js';

export interface Figure {
  caption: string;
  /** Where its numbers stand, as a sentence; null where they do not. */
  numbers: string | null;
  svg: string;
}

/** The figures of an analysis. */
export interface AnalysisFigures {
  /** null where no entity is in a bucket. */
  buckets: Figure | null;
  /** null where there are too many tags to be read. */
  tags: Figure | null;
}

/** The learning curve and the training curves, where there are some. */
export async function studyFigures(table: SweepTable): Promise<Figure[]> {
  // Loaded here, as below, because the plotting library takes half a second.
  const { learningCurveSvg } = await import('../learning-curve.js');
  const { trainingCurvesSvg } = await import('../training-curves.js');
  const hasCurves = table.rows.some(({ trainings }) => trainings.some(({ curve }) => curve.length > 0));
  const isScored = table.rows.some(({ trainings }) =>
    trainings.some(({ curve }) => curve.some(({ validation }) => Object.keys(validation).length > 0)),
  );
  const curves = isScored ? 'Losses and F1 after each epoch' : 'Loss of training after each epoch';
  return [
    ...(isMatrixTable(table)
      ? []
      : [
          {
            caption: 'Learning curve: F1 by training sentences of the target',
            numbers: inResults,
            svg: learningCurveSvg(table),
          },
        ]),
    ...(hasCurves ? [{ caption: curves, numbers: null, svg: trainingCurvesSvg(table, curves) }] : []),
  ];
}

const inResults = 'The numbers are in the table of results.';
const below = 'The numbers are in the table below.';

const mostTags = 30;

export async function analysisFigures(analysed: AnalysedRows): Promise<AnalysisFigures> {
  const { analysis } = analysed;
  return {
    buckets:
      analysis.buckets.length === 0
        ? null
        : {
            caption: 'F1 by attribute of the entity',
            numbers: below,
            svg: await analysisPlot('buckets', analysed),
          },
    tags:
      analysis.confusion.tags.labels.length > mostTags
        ? null
        : { caption: 'Confusion of tags', numbers: below, svg: await analysisPlot('tags', analysed) },
  };
}

/** A picture as a picture, and not as a part of the page: its styles and ids are its own, and nothing in it can act. */
export function figureHtml({ caption, numbers, svg }: Figure): Markup {
  const source = `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`;
  const [, width, height] = /^<svg [^>]*?width="(\d+)"[^>]*? height="(\d+)"/.exec(svg) ?? [null, '960', '560'];
  return html`<figure class="scroll" tabindex="0"><img src="${source}" alt="${[`${caption}.`, ...(numbers === null ? [] : [numbers])].join(' ')}" width="${width!}" height="${height!}"><figcaption>${caption}</figcaption></figure>\n`;
}
