import type { AnalysedRows } from '../experiment/analyse-subject.js';

export const analysisPlotNames = ['confusion', 'tags', 'buckets'] as const;
export type AnalysisPlotName = (typeof analysisPlotNames)[number];

/** A picture of an analysis, as SVG. */
export async function analysisPlot(name: AnalysisPlotName, analysed: AnalysedRows): Promise<string> {
  // Loaded here because the plotting library takes half a second, and most analyses draw nothing.
  const { bucketsSvg } = await import('./buckets-plot.js');
  const { confusionSvg } = await import('./confusion-plot.js');
  const { model, rows, analysis } = analysed;
  const facts = [`${rows} by ${model}`];
  switch (name) {
    case 'confusion':
      return confusionSvg({ title: 'Confusion of entities', facts, ...analysis.confusion.entities });
    case 'tags':
      return confusionSvg({ title: 'Confusion of tags', facts, ...analysis.confusion.tags });
    case 'buckets':
      return bucketsSvg({
        title: 'F1 by attribute of the entity',
        facts,
        systems: [{ name: model, attributes: bucketedScores(analysed) }],
      });
  }
}

/** The scores of buckets as a plot takes them. What nothing is in is left out. */
function bucketedScores({ analysis: { buckets } }: Pick<AnalysedRows, 'analysis'>) {
  return buckets.map(({ attribute, scores }) => ({
    attribute,
    buckets: scores
      .filter(({ gold, predicted }) => gold + predicted > 0)
      .map(({ bucket, gold, predicted, precision, recall, f1 }) => ({
        name: bucket,
        f1,
        precision: predicted === 0 ? null : precision,
        recall: gold === 0 ? null : recall,
        ...{ gold, predicted },
      })),
  }));
}
