import { spansOf } from '../analysis/spans.js';
import type { PredictedTags } from '../predictions.js';

/**
 * The true, the predicted and the correct entities of one row, by seqeval's default mode. Words without a prediction do not count, as when they
 * were scored.
 */
export function sentenceCounts(row: PredictedTags): [gold: number, predicted: number, correct: number] {
  const { gold, predicted } = spansOf(row);
  const correct = predicted.filter(({ type, first, last }) =>
    gold.some(one => one.first === first && one.last === last && one.type === type),
  );
  return [gold.length, predicted.length, correct.length];
}
