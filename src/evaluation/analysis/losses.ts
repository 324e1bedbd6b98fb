import type { ScoredRow } from '../foreign-predictions.js';

/** Losses of words of one kind, -ln p(gold), in nats. */
export interface LossSummary {
  /** Words with a loss. */
  count: number;
  total: number;
  mean: number;
}

/** The losses of the words of one tag, or of one word wherever it stands. */
export interface NamedLoss extends LossSummary {
  name: string;
}

/** A sentence with its losses. */
export interface CostlySentence extends ScoredRow {
  /** Counted from 0 in the file. */
  row: number;
  /** Sum over its words. */
  total: number;
  mean: number;
}

/** A word and how often it was tagged wrongly. */
export interface MistakenWord {
  word: string;
  count: number;
  wrong: number;
  /** The wrong tags, the most frequent first: `B-LOC → B-ORG`. */
  mistakes: { gold: string; predicted: string; count: number }[];
}

/** A sentence whose given labels the model finds unlikely: they may be wrong. */
export interface Suspect extends ScoredRow {
  row: number;
  /** Softmin of p(gold) over its words: low where at least one label is unlikely. */
  score: number;
  /** The word with the least likely label. */
  word: number;
}

/** Losses and mistakes of a corpus, of which no more is kept than is shown, and counts of its words. */
export interface LossCounter {
  /** @param trainedOn whether the row was trained on: then its labels are not suspected, since a model agrees with what it was taught */
  add(row: ScoredRow, trainedOn: boolean): void;
  /** By the true tag. */
  labels(): NamedLoss[];
  /** The words with the highest loss in all. Empty where the file has no words. */
  words(): NamedLoss[];
  /** The words that were tagged wrongly most often. */
  mistaken(): MistakenWord[];
  /** The sentences with the highest sum of losses. */
  sentences(): CostlySentence[];
  /** The sentences with the lowest score. */
  suspects(): Suspect[];
  /** Words with a loss. */
  count(): number;
}

/** @param most how many words and sentences are kept */
export function createLossCounter(most: number): LossCounter {
  const labels = new Map<string, { count: number; total: number }>();
  const words = new Map<string, { count: number; total: number; scored: number; mistakes: Map<string, number> }>();
  const sentences = createTop<CostlySentence>(most, (a, b) => b.total - a.total);
  const suspects = createTop<Suspect>(most, (a, b) => a.score - b.score);
  let rows = 0;
  let count = 0;

  const addLoss = (to: { count: number; total: number }, loss: number) => {
    to.count++;
    to.total += loss;
  };
  const countWord = (row: ScoredRow, at: number) => {
    const [gold, predicted, loss] = [row.gold[at]!, row.predicted[at]!, row.loss[at]!];
    if (predicted === null) return;
    if (loss !== null) {
      if (!labels.has(gold)) labels.set(gold, { count: 0, total: 0 });
      addLoss(labels.get(gold)!, loss);
      count++;
    }
    const word = row.words?.[at];
    if (word === undefined) return;
    if (!words.has(word)) words.set(word, { count: 0, total: 0, scored: 0, mistakes: new Map() });
    const counts = words.get(word)!;
    counts.scored++;
    if (loss !== null) addLoss(counts, loss);
    if (gold !== predicted) {
      const mistake = JSON.stringify([gold, predicted]);
      counts.mistakes.set(mistake, (counts.mistakes.get(mistake) ?? 0) + 1);
    }
  };
  const countSentence = (row: ScoredRow, number: number, trainedOn: boolean) => {
    const known = row.loss.map((loss, at) => (row.predicted[at] === null ? null : loss));
    const losses = known.filter(loss => loss !== null);
    if (losses.length === 0) return;
    const total = losses.reduce((sum, loss) => sum + loss, 0);
    sentences.add({ ...row, row: number, total, mean: total / losses.length });
    if (trainedOn) return;
    const { score, word } = labelQuality(known);
    suspects.add({ ...row, row: number, score, word });
  };
  const summary = ({ count, total }: { count: number; total: number }): LossSummary => ({
    ...{ count, total },
    mean: count === 0 ? 0 : total / count,
  });

  return {
    add(row, trainedOn) {
      for (let at = 0; at < row.gold.length; at++) countWord(row, at);
      countSentence(row, rows++, trainedOn);
    },
    labels: () => Array.from(labels, ([name, counts]) => ({ name, ...summary(counts) })),
    words() {
      const top = createTop<NamedLoss>(most, (a, b) => b.total - a.total || byText(a.name, b.name));
      for (const [word, counts] of words) if (counts.count > 0) top.add({ name: word, ...summary(counts) });
      return top.items();
    },
    mistaken() {
      const top = createTop<MistakenWord>(most, (a, b) => b.wrong - a.wrong || byText(a.word, b.word));
      for (const [word, { scored, mistakes }] of words) {
        const wrong = [...mistakes.values()].reduce((sum, times) => sum + times, 0);
        if (wrong > 0) top.add({ word, count: scored, wrong, mistakes: mistakesOf(mistakes) });
      }
      return top.items();
    },
    sentences: () => sentences.items(),
    suspects: () => suspects.items(),
    count: () => count,
  };
}

function mistakesOf(mistakes: ReadonlyMap<string, number>): MistakenWord['mistakes'] {
  return Array.from(mistakes, ([tags, count]) => {
    const [gold, predicted] = JSON.parse(tags) as [string, string];
    return { gold, predicted, count };
  }).sort((a, b) => b.count - a.count || byText(a.gold + a.predicted, b.gold + b.predicted));
}

const temperature = 0.05;

/**
 * How likely all given labels of a sentence are at once: the softmin Σ w p of p = p(gold), with w = softmax((1 - p) / 0.05), which is
 * the smallest p but for near ties (Wang and Mueller 2022, "Detecting Label Errors in Token Classification Data").
 *
 * @param losses (W) -ln p(gold); null: without a prediction
 * @returns the score, and the word with the smallest p
 */
export function labelQuality(losses: readonly (number | null)[]): { score: number; word: number } {
  let word = -1;
  let most = Number.NEGATIVE_INFINITY;
  for (const [at, loss] of losses.entries()) {
    if (loss !== null && loss > most) [word, most] = [at, loss];
  }
  const least = Math.exp(-most);
  let [weights, sum] = [0, 0];
  for (const loss of losses) {
    if (loss === null) continue;
    const p = Math.exp(-loss);
    const weight = Math.exp((least - p) / temperature);
    weights += weight;
    sum += weight * p;
  }
  return { score: weights === 0 ? 1 : sum / weights, word };
}

/** The first items of an order among all that come by. Of equal ones the earlier stays. */
function createTop<Item>(
  most: number,
  compare: (a: Item, b: Item) => number,
): { add(item: Item): void; items(): Item[] } {
  const kept: Item[] = [];
  return {
    add(item) {
      if (kept.length === most && (most === 0 || compare(item, kept.at(-1)!) >= 0)) return;
      let [low, high] = [0, kept.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (compare(item, kept[middle]!) < 0) high = middle;
        else low = middle + 1;
      }
      kept.splice(low, 0, item);
      if (kept.length > most) kept.pop();
    },
    items: () => kept,
  };
}

function byText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
