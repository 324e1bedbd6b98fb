/**
 * seqeval in TypeScript: entity-level precision, recall and F1 of sequence labelling, with the numbers, warnings and
 * report of Python's seqeval (as recorded at its commit cd01b52). Importable alone, as `panx/seqeval`: no dependency, no
 * engine, loaded in milliseconds.
 *
 *     import { classificationReport, f1Score, reportText } from 'panx/seqeval';
 *
 *     const yTrue = [['B-PER', 'I-PER', 'O', 'B-LOC']];
 *     const yPred = [['I-PER', 'I-PER', 'O', 'B-ORG']];
 *     f1Score(yTrue, yPred);                      // 0.5: default mode, micro average
 *     f1Score(yTrue, yPred, { scheme: 'IOB2' });  // 0: strict mode, where I-PER opens nothing
 *     process.stdout.write(reportText(classificationReport(yTrue, yPred), 4));
 *
 * Tags are lists of sentences, each a list of its words' tags. Types come in code-point order everywhere.
 *
 * | seqeval | here |
 * | --- | --- |
 * | `precision_score`, `recall_score`, `f1_score` | `precisionScore`, `recallScore`, `f1Score` |
 * | `precision_recall_fscore_support(average=..., beta=...)` | `precisionRecallFscoreSupport` |
 * | any of these with `average=None` | `scoresByType`, which names the types |
 * | `accuracy_score`, `performance_measure` | `accuracyScore`, `performanceMeasure` |
 * | `classification_report(...)`, `output_dict=True` | `classificationReport`, then `reportText` or `reportDictionary` |
 * | `get_entities`, `Entities`, `auto_detect` | `getEntities`, `strictEntities`, `detectScheme` |
 * | `mode='strict', scheme=IOB2` | `{ scheme: 'IOB2' }`; IOB1, IOB2, IOE1, IOE2, IOBES, BILOU |
 * | `mode='strict'` of a report, scheme found by itself | `{ scheme: 'detect' }` |
 * | `suffix`, `zero_division`, `average`, `digits` | `suffix`, `zeroDivision`, `average`, the second argument of `reportText` |
 * | Python warnings | `onWarning`, with the same sentences; a tag that is none is named once |
 * | - | `createSpanCounter`: a corpus sentence by sentence, counts alone kept; span-only scores beside the others |
 *
 * Other than seqeval, on purpose:
 * - Where no entity is true or predicted, seqeval's text report raises; here it says so. An empty corpus scores 0, where
 *   seqeval raises.
 * - A scheme alone asks for strict mode. seqeval's scores quietly ignore a scheme without a mode, and a mode without one.
 * - Sentences of different lengths are refused everywhere, also by accuracy and `performanceMeasure`, which in seqeval
 *   compare shifted tags. A `zeroDivision` other than 0, 1 and 'warn' is refused; seqeval takes it for 1.
 * - An end in strict mode is the last word of the entity, as in default mode; seqeval gives the word after it.
 * - There is no `sample_weight`: seqeval takes one and ignores it.
 * - Macro and weighted averages of 8 types and more may differ in the last bit: numpy adds in another order.
 *
 * All errors are of the class `PanxError`, whose `hint` says what to do where there is more to say.
 */
export { PanxError } from '../../errors.js';
export { type CorpusCounts, type CorpusScores, createSpanCounter, type SpanCounter } from './counter.js';
export { type Entity, getEntities } from './entities.js';
export {
  accuracyScore,
  countSpans,
  f1Score,
  type Performance,
  performanceMeasure,
  precisionRecallFscoreSupport,
  precisionScore,
  recallScore,
  scoresByType,
} from './metrics.js';
export type { AverageOptions, FscoreOptions, SeqevalOptions, Tags } from './options.js';
export {
  type ClassificationReport,
  classificationReport,
  type DictionaryRow,
  reportDictionary,
  reportOf,
  reportText,
} from './report.js';
export type { Average, Metric, SpanCounts, SpanScores, ZeroDivision } from './scores.js';
export { detectScheme, type Scheme, strictEntities } from './strict.js';
