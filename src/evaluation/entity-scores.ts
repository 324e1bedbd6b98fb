import { bootstrapIntervals, type Interval, type Resampling } from './bootstrap.js';
import { type CorpusCounts, createSpanCounter, type SpanCounter } from './seqeval/counter.js';
import { averageScores, type SpanScores, typeScores } from './seqeval/scores.js';

/** Which scores are wanted: seqeval's default mode alone, or with it the strict reading of IOB2. */
export const metricsKinds = ['default', 'strict'] as const;
export type Metrics = (typeof metricsKinds)[number];

/**
 * How entities are read from tags. `default`: seqeval's default mode (conlleval's), where an I- without a B- opens an
 * entity. `strictIob2`: seqeval's strict mode under IOB2, where only B- does and such an I- belongs to none.
 */
export type Mode = 'default' | 'strictIob2';

/**
 * How types come together. `micro`: over all entities; `macro`: the mean of the types that are true or predicted at least
 * once; `weighted`: the types' mean by support; `spanOnly`: micro with types left aside, so that a predicted entity is
 * right when a true one, of whatever type, has its first and last word. All are 0 where their denominator is.
 */
export type AverageName = 'micro' | 'macro' | 'weighted' | 'spanOnly';

export const averageNames = ['micro', 'macro', 'weighted', 'spanOnly'] as const;

export interface AveragedScores extends SpanScores {
  /** Only where intervals were asked for. */
  intervals?: { precision: Interval; recall: Interval; f1: Interval };
}

/** The scores of one mode: the averages, and each type by itself in code-point order. */
export type ModeScores = Record<AverageName, AveragedScores> & { types: (SpanScores & { type: string })[] };

/** `strictIob2` only where `metrics` is 'strict'. */
export type EntityScores = Partial<Record<Mode, ModeScores>> & { default: ModeScores };

export interface EntityScoring {
  /** Count one row: the true and predicted label ids of its words. */
  add(labelIds: ArrayLike<number>, predictedIds: ArrayLike<number>): void;
  scores(): EntityScores;
  /** Right tags / tags; 0 where there is none. */
  accuracy(): number;
}

/**
 * Count entities row by row, in every mode that is wanted. Of the rows nothing is kept but counts: for intervals some
 * 10 to 30 numbers a row, else sums alone.
 *
 * @param labelNames (L) the tag behind each id
 * @param options.rows how many rows will be added
 * @throws PanxError for strict metrics of labels that are not IOB2's
 */
export function createEntityScoring(
  labelNames: readonly string[],
  options: { metrics: Metrics; resampling: Resampling | null; rows: number },
): EntityScoring {
  const { metrics, resampling, rows } = options;
  const counters: [Mode, SpanCounter][] = [['default', createSpanCounter(labelNames)]];
  if (metrics === 'strict') counters.push(['strictIob2', createSpanCounter(labelNames, { scheme: 'IOB2' })]);
  const width = counters.reduce((sum, [, counter]) => sum + counter.lastSentence.length, 0);
  const counts = new Int32Array(resampling === null ? 0 : rows * width); // (rows, width)
  let added = 0;

  return {
    add(labelIds, predictedIds) {
      let place = added++ * width;
      for (const [, counter] of counters) {
        counter.add(labelIds, predictedIds);
        if (resampling !== null) counts.set(counter.lastSentence, place);
        place += counter.lastSentence.length;
      }
    },
    scores() {
      const scores = Object.fromEntries(
        counters.map(([mode, counter]) => [mode, modeScores(counter.total())]),
      ) as EntityScores;
      if (resampling !== null && added > 0) {
        const kept = counts.subarray(0, added * width);
        const intervals = bootstrapIntervals(kept, width, resampling, sum => numbersOf(counters, sum));
        for (const [m, [mode]] of counters.entries()) {
          for (const [a, name] of averageNames.entries()) {
            const [precision, recall, f1] = intervals.slice(3 * (m * averageNames.length + a)) as Interval[];
            scores[mode]![name].intervals = { precision: precision!, recall: recall!, f1: f1! };
          }
        }
      }
      return scores;
    },
    accuracy: () => counters[0]![1].scores().accuracy,
  };
}

function modeScores(counts: CorpusCounts): ModeScores {
  const averaged = averageNames.map(name => [name, averagedScores(counts, name)]);
  return { ...Object.fromEntries(averaged), types: typeScores(counts.types) } as ModeScores;
}

function averagedScores({ types, spanOnly }: CorpusCounts, name: AverageName): SpanScores {
  // A mean over no type would be NaN.
  if (types.length === 0) return { precision: 0, recall: 0, f1: 0, support: 0 };
  return name === 'spanOnly' ? averageScores([spanOnly], 'micro') : averageScores(types, name);
}

/** Precision, recall and F1 of each average of each mode, of summed counts. (width) -> (modes * averages * 3) */
function numbersOf(counters: readonly [Mode, SpanCounter][], sum: Float64Array): number[] {
  let place = 0;
  return counters.flatMap(([, counter]) => {
    const counts = counter.read(sum.subarray(place));
    place += counter.lastSentence.length;
    return averageNames.flatMap(name => {
      const { precision, recall, f1 } = averagedScores(counts, name);
      return [precision, recall, f1];
    });
  });
}
