import { PanxError } from '../../errors.js';
import { type Entity, entityReader, parseTag, type Tag } from './entities.js';
import { averageScores, type SpanCounts, type SpanScores, typeScores, type ZeroDivision } from './scores.js';

/** What a corpus scored: the averages over entities, each type by itself, and the share of right tags. */
export interface CorpusScores {
  micro: SpanScores;
  macro: SpanScores;
  weighted: SpanScores;
  /** In code-point order of the type names. */
  types: (SpanScores & { type: string })[];
  /** Right tags / tags; 0 where there is none. */
  accuracy: number;
  sentences: number;
  tags: number;
}

export interface SpanCounter {
  /** Count one sentence: for each of its words the true and the predicted tag, as indices into the label names. */
  add(trueTagIds: ArrayLike<number>, predictedTagIds: ArrayLike<number>): void;
  /** Every type that was true or predicted at least once, in code-point order. */
  counts(): SpanCounts[];
  scores(zeroDivision?: ZeroDivision): CorpusScores;
}

/**
 * Score a corpus sentence by sentence in seqeval's default mode, keeping nothing but counts: true and predicted tags are
 * read side by side, so two entities are the same when they end at the same tag and have the same first tag and type.
 *
 * @param labelNames (L) the tag behind each id, such as `B-PER`
 * @throws PanxError for an empty label name; `add` for an id without a label and for sides of different length
 */
export function createSpanCounter(labelNames: readonly string[], options: { suffix?: boolean } = {}): SpanCounter {
  const tags = labelNames.map(name => parseTag(name, options.suffix ?? false));
  const readTrue = entityReader();
  const readPredicted = entityReader();
  const byType = new Map<string, SpanCounts>();
  let sentences = 0;
  let words = 0;
  let right = 0;

  const countsOf = (type: string): SpanCounts => {
    const counts = byType.get(type) ?? { type, true: 0, predicted: 0, correct: 0 };
    byType.set(type, counts);
    return counts;
  };
  const count = (truth: Entity | undefined, prediction: Entity | undefined): void => {
    if (truth !== undefined) countsOf(truth[0]).true++;
    if (prediction !== undefined) countsOf(prediction[0]).predicted++;
    if (truth === undefined || prediction === undefined) return;
    if (truth[0] === prediction[0] && truth[1] === prediction[1]) countsOf(truth[0]).correct++;
  };
  const counts = () => [...byType.values()].sort((a, b) => compareCodePoints(a.type, b.type));

  return {
    add(trueTagIds, predictedTagIds) {
      if (trueTagIds.length !== predictedTagIds.length) {
        throw new PanxError(
          `Sentence ${sentences} has ${trueTagIds.length} true tags and ${predictedTagIds.length} predicted tags; expected as many.`,
        );
      }
      for (let i = 0; i < trueTagIds.length; i++) {
        const trueTag = tagOf(trueTagIds[i]!, tags);
        const predictedTag = tagOf(predictedTagIds[i]!, tags);
        count(readTrue(trueTag), readPredicted(predictedTag));
        if (trueTagIds[i] === predictedTagIds[i]) right++;
      }
      // An entity never reaches into the next sentence.
      count(readTrue(outside), readPredicted(outside));
      sentences++;
      words += trueTagIds.length;
    },
    counts,
    scores(zeroDivision = 0) {
      const perType = counts();
      return {
        micro: averageScores(perType, 'micro', { zeroDivision }),
        macro: averageScores(perType, 'macro', { zeroDivision }),
        weighted: averageScores(perType, 'weighted', { zeroDivision }),
        types: typeScores(perType, { zeroDivision }),
        accuracy: words === 0 ? 0 : right / words,
        sentences,
        tags: words,
      };
    },
  };
}

const outside = parseTag('O', false);

function tagOf(id: number, tags: readonly Tag[]): Tag {
  const tag = tags[id];
  if (tag === undefined) throw new PanxError(`A tag id is ${id}; expected 0 to ${tags.length - 1}.`);
  return tag;
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
