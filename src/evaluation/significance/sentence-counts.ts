import { spansOf } from '../analysis/spans.js';
import type { PredictedTags } from '../predictions.js';

/**
 * The true, the predicted and the correct entities of one row, by seqeval's default mode. Words without a prediction do not count, as when they
 * were scored.
 */
export function sentenceCounts(row: PredictedTags): [gold: number, predicted: number, correct: number] {
  const { gold, predicted } = spansOf(row);
  const typesByBounds = new Map(gold.map(({ type, first, last }) => [`${first} ${last}`, type]));
  const correct = predicted.filter(({ type, first, last }) => typesByBounds.get(`${first} ${last}`) === type);
  return [gold.length, predicted.length, correct.length];
}
