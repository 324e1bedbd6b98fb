import { createEntityScoring, type EntityScores, type Metrics } from './entity-scores.js';
import type { PredictedTags } from './predictions.js';

/**
 * Count the entities of predictions. Words without a prediction do not count, as when they were scored.
 *
 * @param rows as `readPredictions` or `readTrusted` read them
 * @throws PanxError as these do, and for strict metrics of tags that are not IOB2's
 */
export async function countPredictions(
  rows: AsyncIterable<PredictedTags>,
  metrics: Metrics,
): Promise<{ entities: EntityScores; accuracy: number; rows: number }> {
  const ids = new Map<string, number>();
  const idOf = (tag: string): number => {
    const id = ids.get(tag) ?? ids.size;
    ids.set(tag, id);
    return id;
  };
  const sentences: { gold: number[]; predicted: number[] }[] = [];
  for await (const row of rows) {
    const words = wordsOf(row);
    for (const tag of row.gold) idOf(tag);
    sentences.push({ gold: words.map(([tag]) => idOf(tag)), predicted: words.map(([, tag]) => idOf(tag)) });
  }
  // In one order, whichever tag came first.
  const labels = [...ids.keys()].sort();
  const place = Int32Array.from(ids.keys(), tag => labels.indexOf(tag));
  const scoring = createEntityScoring(labels, { metrics, resampling: null, rows: sentences.length });
  for (const { gold, predicted } of sentences) {
    scoring.add(
      gold.map(id => place[id]!),
      predicted.map(id => place[id]!),
    );
  }
  return { entities: scoring.scores(), accuracy: scoring.accuracy(), rows: sentences.length };
}

function wordsOf({ gold, predicted }: PredictedTags): [gold: string, predicted: string][] {
  return gold.flatMap((tag, i) => (predicted[i] === null ? [] : [[tag, predicted[i]!] as [string, string]]));
}
