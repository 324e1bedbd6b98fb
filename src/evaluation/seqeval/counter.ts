import { PanxError } from '../../errors.js';
import { type Entity, entityReader, parseTag } from './entities.js';
import { averageScores, type SpanCounts, type SpanScores, typeScores, type ZeroDivision } from './scores.js';
import { parseStrictTag, type Scheme, strictEntities } from './strict.js';

/** What a corpus scored: the averages over entities, each type by itself, and the share of right tags. */
export interface CorpusScores {
  micro: SpanScores;
  macro: SpanScores;
  weighted: SpanScores;
  /** Micro average with types left aside: right where first and last word are those of a true entity of any type. */
  spanOnly: SpanScores;
  /** In code-point order of the type names. */
  types: (SpanScores & { type: string })[];
  /** Right tags / tags; 0 where there is none. */
  accuracy: number;
  sentences: number;
  tags: number;
}

/** Counts of entities: of every type that was true or predicted at least once, in code-point order, and of all. */
export interface CorpusCounts {
  types: SpanCounts[];
  /** `correct` here counts spans, whatever their types. */
  spanOnly: SpanCounts;
}

export interface SpanCounter {
  /** Count one sentence: for each of its words the true and the predicted tag, as indices into the label names. */
  add(trueTagIds: ArrayLike<number>, predictedTagIds: ArrayLike<number>): void;
  /** The counts of each type so far. */
  counts(): SpanCounts[];
  /** The same, and those of spans. */
  total(): CorpusCounts;
  scores(zeroDivision?: ZeroDivision): CorpusScores;
  /**
   * What the last sentence alone added, overwritten by the next: (3 T + 1), for each of the T types of the labels true,
   * predicted and correct, then the right spans. Sums of such rows, which `read` takes, are the counts of their sentences.
   */
  readonly lastSentence: Int32Array;
  /** The counts behind a sum of `lastSentence` rows. (3 T + 1) */
  read(sum: ArrayLike<number>): CorpusCounts;
}

/**
 * Score a corpus sentence by sentence, keeping nothing but counts. An entity is right when the other side has one of the
 * same type, first and last word.
 *
 * @param labelNames (L) the tag behind each id, such as `B-PER`
 * @param options.scheme absent: seqeval's default mode; a scheme: its strict mode
 * @throws PanxError for an empty label name, or one that the scheme does not allow; `add` for an id without a label and
 *   for sides of different length
 */
export function createSpanCounter(
  labelNames: readonly string[],
  options: { suffix?: boolean; scheme?: Scheme } = {},
): SpanCounter {
  const { suffix = false, scheme } = options;
  const readPairs = scheme === undefined ? lenientPairs(labelNames, suffix) : strictPairs(labelNames, scheme, suffix);
  const parse = scheme === undefined ? parseTag : parseStrictTag;
  const types = [...new Set(labelNames.map(name => parse(name, suffix).type))].sort(compareCodePoints);
  const places = new Map(types.map((type, index) => [type, 3 * index]));
  const spans = 3 * types.length;
  const lastSentence = new Int32Array(spans + 1);
  const sum = new Float64Array(spans + 1);
  let sentences = 0;
  let tags = 0;
  let right = 0;

  const count = (truth: Entity | undefined, prediction: Entity | undefined): void => {
    if (truth !== undefined) lastSentence[places.get(truth[0])!]!++;
    if (prediction !== undefined) lastSentence[places.get(prediction[0])! + 1]!++;
    if (truth === undefined || truth[1] !== prediction?.[1]) return;
    lastSentence[spans]!++;
    if (truth[0] === prediction[0]) lastSentence[places.get(truth[0])! + 2]!++;
  };
  const read = (of: ArrayLike<number>): CorpusCounts => {
    const all = types.map((type, t) => ({
      type,
      true: of[3 * t]!,
      predicted: of[3 * t + 1]!,
      correct: of[3 * t + 2]!,
    }));
    const spanOnly: SpanCounts = { type: 'any', true: 0, predicted: 0, correct: of[spans]! };
    for (const counts of all) {
      spanOnly.true += counts.true;
      spanOnly.predicted += counts.predicted;
    }
    return { types: all.filter(counts => counts.true + counts.predicted > 0), spanOnly };
  };

  return {
    add(trueTagIds, predictedTagIds) {
      if (trueTagIds.length !== predictedTagIds.length) {
        throw new PanxError(
          `Sentence ${sentences} has ${trueTagIds.length} true tags and ${predictedTagIds.length} predicted tags; expected as many.`,
        );
      }
      lastSentence.fill(0);
      readPairs(trueTagIds, predictedTagIds, count);
      for (let i = 0; i <= spans; i++) sum[i]! += lastSentence[i]!;
      for (let i = 0; i < trueTagIds.length; i++) if (trueTagIds[i] === predictedTagIds[i]) right++;
      sentences++;
      tags += trueTagIds.length;
    },
    counts: () => read(sum).types,
    total: () => read(sum),
    scores(zeroDivision = 0) {
      const { types: perType, spanOnly } = read(sum);
      return {
        micro: averageScores(perType, 'micro', { zeroDivision }),
        macro: averageScores(perType, 'macro', { zeroDivision }),
        weighted: averageScores(perType, 'weighted', { zeroDivision }),
        spanOnly: averageScores([spanOnly], 'micro', { zeroDivision }),
        types: typeScores(perType, { zeroDivision }),
        accuracy: tags === 0 ? 0 : right / tags,
        sentences,
        tags,
      };
    },
    lastSentence,
    read,
  };
}

/** Take both sides of a sentence, and tell of each place where an entity ends on one side or on both. */
type ReadPairs = (
  trueTagIds: ArrayLike<number>,
  predictedTagIds: ArrayLike<number>,
  tell: (truth: Entity | undefined, prediction: Entity | undefined) => void,
) => void;

/** seqeval's default mode: the readers go on from sentence to sentence, as over one long list with an O behind each. */
function lenientPairs(labelNames: readonly string[], suffix: boolean): ReadPairs {
  const tags = labelNames.map(name => parseTag(name, suffix));
  const outside = parseTag('O', false);
  const readTrue = entityReader();
  const readPredicted = entityReader();
  return (trueTagIds, predictedTagIds, tell) => {
    for (let i = 0; i < trueTagIds.length; i++) {
      tell(readTrue(named(trueTagIds[i]!, tags)), readPredicted(named(predictedTagIds[i]!, tags)));
    }
    // An entity never reaches into the next sentence.
    tell(readTrue(outside), readPredicted(outside));
  };
}

function strictPairs(labelNames: readonly string[], scheme: Scheme, suffix: boolean): ReadPairs {
  // Before any sentence: a label that the scheme does not allow should not show in the middle of a corpus.
  for (const name of labelNames) strictEntities([name], scheme, suffix);
  const byEnd = (ids: ArrayLike<number>): Map<number, Entity> => {
    const entities = strictEntities(
      Array.from(ids, id => named(id, labelNames)),
      scheme,
      suffix,
    );
    return new Map(entities.map(entity => [entity[2], entity]));
  };
  return (trueTagIds, predictedTagIds, tell) => {
    const [truth, prediction] = [byEnd(trueTagIds), byEnd(predictedTagIds)];
    for (let i = 0; i < trueTagIds.length; i++) tell(truth.get(i), prediction.get(i));
  };
}

function named<T>(id: number, labels: readonly T[]): T {
  const label = labels[id];
  if (label === undefined) throw new PanxError(`A tag id is ${id}; expected 0 to ${labels.length - 1}.`);
  return label;
}

/** Order of Python's `sorted`: by code points, where JavaScript's own order is by UTF-16 units. */
export function compareCodePoints(a: string, b: string): number {
  const left = [...a];
  const right = [...b];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = left[i]!.codePointAt(0)! - right[i]!.codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
