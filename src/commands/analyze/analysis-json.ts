import { errorKinds, f1IfMended, f1OfKinds, semevalScores } from '../../evaluation/analysis/error-kinds.js';
import type { AnalysedRows, KnownTraining } from '../../experiment/analyse-subject.js';
import { headline } from '../../reporting/analysis-text.js';
import { costsOf } from '../../reporting/error-costs.js';

/** The document of `panx analyze --format json`: an entry for each training and row set. Losses are in nats, scores fractions of 1. */
export function analysisJson(
  subject: string,
  results: readonly { analysed: AnalysedRows[]; training: KnownTraining }[],
): object {
  return {
    subject,
    analyses: results.flatMap(({ analysed, training }) =>
      analysed.map(({ model, rows, lang, split, analysis }) => {
        const { kinds, kindsByType, spans, report, ...others } = analysis;
        const f1 = f1OfKinds(kinds);
        const mended = errorKinds.map(kind => {
          const ifMended = f1IfMended(kinds, kind);
          return [kind, { f1: ifMended, gain: ifMended - f1 }];
        });
        return {
          ...{ model, rows, lang, split },
          trainingRows: 'surfaces' in training ? training.rows : null,
          headline: headline({ analysis }),
          report,
          kinds: { counts: kinds, f1, ifMended: Object.fromEntries(mended) },
          types: kindsByType.map(({ type, counts }) => ({ ...spans.find(one => one.type === type), counts })),
          costs: costsOf(analysis),
          semeval: semevalScores(kinds),
          ...others,
        };
      }),
    ),
  };
}
